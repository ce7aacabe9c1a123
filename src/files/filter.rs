//! The byte filter: decides from raw bytes, before UTF-8 and YAML, whether a file can matter.
//!
//! It may say yes too often, never no too often. What a name may look like in a file that kubectl reads:
//!
//! * plain or quoted: found as bytes. The slash of `rbac.istio.io\/v1alpha1`, as some JSON writers spell it, is not
//!   part of what is searched;
//! * with escapes in a double-quoted string (`"rbac\u002eistio.io"`, `"rbac.\x69stio.io"`, or a line break escaped by
//!   a backslash): the bytes are searched once more with these escapes resolved;
//! * as `!!binary`: such a file counts as legacy;
//! * in UTF-16: such a file counts as legacy, so that it is reported as `not-utf8`.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// What a file may hold, judged by its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Names a legacy API group (`authentication.istio.io`, `rbac.istio.io` or the very old `config.istio.io`), or one of
    /// the two kinds that OpenShift has instead.
    pub legacy: bool,
    /// Names the group of the current kinds, `security.istio.io`: they are checked even where nothing is converted.
    pub security: bool,
    /// Names a kind that the inventory or the proof needs ([`INVENTORY_KINDS`]).
    pub inventory: bool,
    /// Holds `{{`, so it may be a template.
    pub template: bool,
}

impl Interest {
    /// True when the file has to be parsed once any file names a group of Istio security.
    pub fn is_any(self) -> bool {
        self.legacy || self.inventory
    }
}

/// What stands before [`GROUP_TAIL`] in the legacy API groups.
const GROUP_HEADS: [&[u8]; 3] = [b"authentication", b"rbac", b"config"];
/// What stands before [`GROUP_TAIL`] in the group of the current kinds.
const SECURITY_HEADS: [&[u8]; 1] = [b"security"];
/// What the API groups have in common.
const GROUP_TAIL: &[u8] = b".istio.io";

/// What every spelling of OpenShift's API groups has in common, the wrong ones (`maistra/v1`) included.
const OPENSHIFT: &[u8] = b"maistra";
/// The legacy kinds that OpenShift Service Mesh has instead of MeshPolicy and ClusterRbacConfig, and their groups.
const OPENSHIFT_LEGACY: [&[u8]; 4] =
    [b"ServiceMeshPolicy", b"ServiceMeshRbacConfig", b"authentication.maistra.io", b"rbac.maistra.io"];

/// The kinds that say who is who in the mesh, or that take part in the proof. Typed lists (`ServiceList`) count too.
pub const INVENTORY_KINDS: [&str; 18] = [
    "Service",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Pod",
    "Job",
    "CronJob",
    "Namespace",
    "PeerAuthentication",
    "RequestAuthentication",
    "AuthorizationPolicy",
    "DestinationRule",
    "Sidecar",
    "ServiceEntry",
    "ServiceMeshControlPlane",
    "ServiceMeshMemberRoll",
    "ServiceMeshMember",
];
/// Ends the kind of every list: `List`, `ServiceList`.
const LIST: &str = "List";

/// How the `apiVersion` of an old object goes on after `authentication` or `rbac`.
const VERSIONED_TAILS: [&[u8]; 2] = [b".istio.io/v", b".maistra.io/v"];

/// Where the first `apiVersion` of an old kind is written in plain bytes, up to its version.
pub fn first_old_api(bytes: &[u8]) -> Option<Range<usize>> {
    let found = VERSIONED_TAILS.iter().flat_map(|tail| {
        memmem::find_iter(bytes, tail).filter_map(|at| {
            let before = bytes.get(..at)?;
            let head = ["authentication", "rbac"].into_iter().find(|head| before.ends_with(head.as_bytes()))?;
            let version = bytes.get(at + tail.len()..)?.iter().take_while(|byte| is_word(**byte)).count();
            Some(at - head.len()..at + tail.len() + version)
        })
    });
    found.min_by_key(|range| range.start)
}

/// Finds the names of the legacy groups and of the inventory's kinds in bytes. Built once, shared by all threads.
#[derive(Debug)]
pub struct Filter {
    tail: memmem::Finder<'static>,
    braces: memmem::Finder<'static>,
    binary: memmem::Finder<'static>,
    openshift: memmem::Finder<'static>,
    kinds: AhoCorasick,
}

impl Filter {
    /// Builds the searchers; fails only if the tables above break a limit of `aho-corasick`, which a test excludes.
    pub fn new() -> Result<Filter, aho_corasick::BuildError> {
        Ok(Filter {
            tail: memmem::Finder::new(GROUP_TAIL),
            braces: memmem::Finder::new(b"{{"),
            binary: memmem::Finder::new(b"binary"),
            openshift: memmem::Finder::new(OPENSHIFT),
            // Standard semantics report every occurrence, so that `Service` inside `ServiceEntry` hides nothing.
            kinds: AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(INVENTORY_KINDS.iter().chain([&LIST]))?,
        })
    }

    /// What `bytes` may hold.
    pub fn interest(&self, bytes: &[u8]) -> Interest {
        let text = resolve_escapes(bytes);
        let mut interest = self.interest_in(bytes);
        if let Cow::Owned(resolved) = &text {
            let more = self.interest_in(resolved);
            interest.legacy |= more.legacy;
            interest.security |= more.security;
            interest.inventory |= more.inventory;
        }
        interest
    }

    fn interest_in(&self, bytes: &[u8]) -> Interest {
        Interest {
            legacy: self.names_group(bytes, &GROUP_HEADS) || self.names_openshift(bytes) || self.is_hidden(bytes),
            security: self.names_group(bytes, &SECURITY_HEADS),
            inventory: self.names_inventory_kind(bytes),
            template: self.braces.find(bytes).is_some(),
        }
    }

    /// ANY occurrence of the common tail that follows one of the heads.
    fn names_group(&self, bytes: &[u8], heads: &[&[u8]]) -> bool {
        self.tail
            .find_iter(bytes)
            .any(|at| bytes.get(..at).is_some_and(|before| heads.iter().any(|head| before.ends_with(head))))
    }

    /// ANY of OpenShift's legacy kinds or groups; looked for only where its name occurs at all.
    fn names_openshift(&self, bytes: &[u8]) -> bool {
        self.openshift.find(bytes).is_some() && OPENSHIFT_LEGACY.iter().any(|name| memmem::find(bytes, name).is_some())
    }

    /// Encodings in which a name is not its own bytes: UTF-16, `!!binary`.
    fn is_hidden(&self, bytes: &[u8]) -> bool {
        matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..])
            || self.binary.find_iter(bytes).any(|at| {
                bytes.get(..at).is_some_and(|before| before.ends_with(b"!!") || before.ends_with(b"yaml.org,2002:"))
            })
    }

    /// ANY of the kinds as a word of its own (or, for lists, as the end of a word).
    fn names_inventory_kind(&self, bytes: &[u8]) -> bool {
        let list = INVENTORY_KINDS.len();
        self.kinds.find_overlapping_iter(bytes).any(|found| {
            let starts = found.start().checked_sub(1).and_then(|at| bytes.get(at)).is_none_or(|&byte| !is_word(byte));
            let ends = bytes.get(found.end()).is_none_or(|&byte| !is_word(byte));
            ends && (starts || found.pattern().as_usize() == list)
        })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The bytes with the escapes of double-quoted strings resolved where they stand for ASCII; borrowed when there are
/// none. Escapes are resolved outside of double quotes as well: that can only find more.
fn resolve_escapes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut resolved: Option<Vec<u8>> = None;
    let mut copied = 0;
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| memchr::memchr(b'\\', rest)).map(|offset| from + offset) {
        let escape = bytes.get(at + 1..).unwrap_or_default();
        let Some((byte, length)) = escaped(escape) else {
            from = at + 2; // an escape of another kind, `\\` among them: its second byte starts no escape
            continue;
        };
        let out = resolved.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
        out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
        out.extend(byte);
        copied = at + 1 + length;
        from = copied;
    }
    match resolved {
        Some(mut out) => {
            out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
            Cow::Owned(out)
        }
        None => Cow::Borrowed(bytes),
    }
}

/// What the text after a backslash stands for, and how many bytes it takes: `u002e`, `x2e`, `U0000002e`, or a line
/// break with the indentation of the next line, which stands for nothing.
fn escaped(escape: &[u8]) -> Option<(Option<u8>, usize)> {
    let digits = match escape.first()? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        b'\r' | b'\n' => {
            let space = escape.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            return Some((None, space));
        }
        _ => return None,
    };
    let hex = std::str::from_utf8(escape.get(1..=digits)?).ok()?;
    let byte = u8::try_from(u32::from_str_radix(hex, 16).ok()?).ok().filter(u8::is_ascii)?;
    Some((Some(byte), digits + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, legacy: bool, inventory: bool) {
        let interest = Filter::new().unwrap().interest(text.as_bytes());
        assert_eq!((interest.legacy, interest.inventory), (legacy, inventory), "{text}");
    }

    #[test]
    fn legacy_groups_are_seen_in_every_spelling_that_kubectl_reads() {
        check("apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\n", true, false);
        check("apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\n", true, false);
        check("apiVersion: config.istio.io/v1alpha2\n", true, false);
        check(r#"{"apiVersion":"rbac.istio.io\/v1alpha1"}"#, true, false);
        check(r#"apiVersion: "rbac\u002eistio.io/v1alpha1""#, true, false);
        check(r#"apiVersion: "rbac\x2eistio\U0000002Eio/v1alpha1""#, true, false);
        check("apiVersion: \"rbac.\\\n    istio.io/v1alpha1\"", true, false);
        check("apiVersion: \"rbac.\\\r\n    istio.io/v1alpha1\"", true, false);
        check(
            r#"note: "a\\" # \
"#,
            false,
            false,
        );
        check(r#"path: "c:\\" , v: "rbac\u002eistio.io""#, true, false);
        check("apiVersion: !!binary cmJhYy5pc3Rpby5pby92MWFscGhhMQ==", true, false);
        check("apiVersion: !<tag:yaml.org,2002:binary> cmJhYw==", true, false);
        check("apiVersion: authentication.maistra.io/v1\nkind: ServiceMeshPolicy\n", true, false);
        check("apiVersion: rbac.maistra.io/v1\nkind: ServiceMeshRbacConfig\n", true, false);
        check("apiVersion: maistra.io/v1\nkind: ServiceMeshPolicy\n", true, false);
        check("apiVersion: maistra/v1\nkind: ServiceMeshRbacConfig\n", true, false);
        check(r#"apiVersion: "rbac\u002emaistra.io/v1""#, true, false);
        check("apiVersion: maistra.io/v1\nkind: ServiceMeshControlPlane\n", false, true);
        check("apiVersion: maistra.io/v2\nkind: ServiceMeshMemberRoll\n", false, true);
        check("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n", false, false);
        check("apiVersion: networking.istio.io/v1alpha3\nkind: Gateway\n", false, false);
        check(".istio.io", false, false);
        check("", false, false);
    }

    #[test]
    fn broken_escapes_at_the_end_are_not_followed() {
        for text in ["\\", "\\u", "\\u00", "\\x2", "\\U0000002", "a\\\n", "\\\\", "\\u00e9", "\\uD83D"] {
            check(text, false, false);
        }
    }

    #[test]
    fn kinds_of_the_inventory_are_words() {
        for kind in INVENTORY_KINDS {
            check(&format!("kind: {kind}"), false, true);
            check(&format!("{{\"kind\":\"{kind}\"}}"), false, true);
        }
        check("kind: List\n", false, true);
        check("kind: ServiceList\n", false, true);
        check(r#"kind: "\u0053ervice""#, false, true);
        check("kind: ServiceAccount\n", false, false);
        check("kind: PodDisruptionBudget\n", false, false);
        check("kind: ConfigMap\n", false, false);
        check("kind: ServiceAccount\n---\nkind: Service", false, true);
    }

    #[test]
    fn utf16_is_interesting_so_that_it_is_reported() {
        assert!(Filter::new().unwrap().interest(b"\xFF\xFEk\0").legacy);
    }

    #[test]
    fn templates_are_seen() {
        assert!(Filter::new().unwrap().interest(b"name: {{ .Values.x }}").template);
        assert!(!Filter::new().unwrap().interest(b"a: {b: {c: 1}}").template);
    }

    proptest::proptest! {
        /// However the letters of a name are escaped, and whatever stands around it, it is found.
        #[test]
        fn no_escaping_hides_a_group(
            before in proptest::collection::vec(proptest::num::u8::ANY, 0..20),
            spelling in proptest::collection::vec(0..5u8, 13),
        ) {
            let mut bytes = before;
            bytes.push(b' '); // ends an escape that the noise may have begun
            bytes.push(b'"');
            for (byte, how) in b"rbac.istio.io".iter().zip(spelling) {
                match how {
                    0 => bytes.extend(format!("\\u{byte:04x}").bytes()),
                    1 => bytes.extend(format!("\\x{byte:02X}").bytes()),
                    2 => bytes.extend(format!("\\U{byte:08x}").bytes()),
                    3 => bytes.extend(b"\\\n  ".iter().chain([byte])),
                    _ => bytes.push(*byte),
                }
            }
            proptest::prop_assert!(Filter::new().unwrap().interest(&bytes).legacy);
        }
    }
}
