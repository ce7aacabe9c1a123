//! One subject of a ServiceRoleBinding: from its fields to the sources and conditions of the rules it appears in
//! (`meaning/rbac.md` §6.6).
//!
//! Plain fields come from the mapping file; the steps here give the rest. "True" and "removed" are kept apart: a
//! subject whose conditions all hold for everyone grants to everyone, a subject that lost all its conditions because
//! they could not be read grants to nobody.

use crate::api::legacy::{Subject, keys};
use crate::api::security::{Condition, Field};
use crate::convert::Context;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::what::{addresses, headers};
use crate::convert::rbac::who::identity::{self, Identity};
use crate::convert::rbac::who::principal_binding::Meaning;
use crate::convert::rbac::who::request_principal;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mapping::Item;
use crate::mesh::{SourceRelease, Version};
use std::collections::BTreeMap;

/// What a subject becomes.
#[derive(Debug, Default)]
pub struct Converted {
    /// Alternatives (ORed), each one rule per access rule. Empty: the subject grants to nobody.
    pub alternatives: Vec<Clause>,
    /// What there is to say about it. Errors refuse the binding.
    pub findings: Vec<Finding>,
}

/// What is left of one of the subject's conditions.
enum Outcome {
    /// It holds for everyone.
    True,
    /// It is in the clause.
    Kept,
    /// It could not be read and old Istio ignored it.
    Removed,
    /// It holds for nobody.
    Never,
}

/// Converts one subject. `item` is what the mapping made of it; `principal` is how `request.auth.principal` is to be read
/// where the role applies.
pub fn convert(subject: &Subject, item: &Item, context: Context<'_>, principal: &Meaning) -> Converted {
    let mut builder = Builder { subject, item, context, principal, outcomes: Vec::new(), findings: Vec::new() };
    let mut clause = Clause::of_fragment(&item.value);
    clause.http_only = item.http_only || is_http_only(subject);
    if !clause.when.is_empty() || clause.source != Default::default() {
        builder.outcomes.push(Outcome::Kept);
    }
    builder.headers(&mut clause);
    builder.peer_identity(&mut clause);
    builder.namespaces(&mut clause);
    builder.source_addresses(&mut clause);
    builder.not_groups(&mut clause);
    builder.odd_keys();
    builder.claims(&clause);
    let alternatives = builder.request_principal(&clause);
    builder.finish(alternatives)
}

struct Builder<'a> {
    subject: &'a Subject,
    item: &'a Item,
    context: Context<'a>,
    principal: &'a Meaning,
    outcomes: Vec<Outcome>,
    findings: Vec<Finding>,
}

impl<'a> Builder<'a> {
    /// The property keys of a family, as far as no rule of the mapping took them.
    fn properties(&self, family: &str) -> Vec<String> {
        let pointers = self.item.left.get(family).map(Vec::as_slice).unwrap_or_default();
        let key = |pointer: &String| {
            let (_, escaped) = pointer.split_once("/properties/")?;
            Some(escaped.replace("~1", "/").replace("~0", "~"))
        };
        pointers.iter().filter_map(key).collect()
    }

    fn property(&self, key: &str) -> Option<&'a str> {
        self.subject.properties.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn tell(&mut self, finding: Finding) {
        self.findings.push(finding.at(self.subject.place.clone()));
    }

    /// Conditions on headers that meant something else than they read (C1, C8).
    fn headers(&mut self, clause: &mut Clause) {
        let (never, findings) = headers::settle(&mut clause.when, self.context);
        if never {
            self.outcomes.push(Outcome::Never);
        }
        findings.into_iter().for_each(|finding| self.tell(finding));
    }

    fn peer_identity(&mut self, clause: &mut Clause) {
        let Context { mesh, options, .. } = self.context;
        let identity = identity::reduce(self.subject, &mesh.settings, options.legacy_bug_compat);
        let mentioned = !self.subject.user.is_empty()
            || !self.subject.names.is_empty()
            || !self.subject.not_names.is_empty()
            || self.property("source.principal").is_some()
            || self.property("source.user").is_some();
        if !mentioned {
            return;
        }
        self.tell_identity(&identity);
        let anyone = identity.lists.is_empty() && identity.not.is_empty();
        self.outcomes.push(match (identity.impossible, anyone) {
            (true, _) => Outcome::Never,
            (false, true) => Outcome::True,
            (false, false) => Outcome::Kept,
        });
        clause.http_only |= self.property("source.user").is_some();
        let patterns = identity.lists.iter().flatten().chain(&identity.not);
        clause.dead_on_tcp_in_1_4 |= patterns.into_iter().any(|value| value.len() > 1 && value.starts_with('*'));
        let mut lists = identity.lists.into_iter();
        clause.source.principals.values = lists.next().unwrap_or_default();
        clause.source.principals.not = identity.not;
        lists.for_each(|list| clause.require("source.principal", list));
    }

    fn tell_identity(&mut self, identity: &Identity) {
        if identity.star_principal && !self.context.options.legacy_bug_compat && !identity.impossible {
            let alone = identity.lists.iter().any(|list| list == &["*"]);
            if alone {
                self.tell(Finding::new(
                    codes::STAR_PRINCIPAL,
                    "The property `source.principal: \"*\"` now asks for a client certificate; Istio 1.2 to 1.5 let everyone through.",
                ));
            }
        }
        for value in &identity.with_scheme {
            self.tell(Finding::new(
                codes::IDENTITY_WITH_SCHEME,
                format!("The identity `{value}` starts with `spiffe://`, so it never matched anyone and is left out."),
            ));
        }
        for (value, wider) in &identity.newly_expanded {
            let direction = if *wider { Direction::Wider } else { Direction::Narrower };
            let severity = if *wider { Severity::Error } else { Severity::Warning };
            self.tell(
                Finding::new(
                    codes::IDENTITY_NOW_EXPANDED,
                    format!("The new API also reads the trust domain aliases into `{value}`; old Istio took it literally here."),
                )
                .direction(direction)
                .severity(severity),
            );
        }
        let patterns = identity.lists.iter().flatten().chain(&identity.not);
        let dotted: Vec<String> = patterns
            .filter(|value| value.len() > 1 && value.starts_with('*') && value.contains('.'))
            .cloned()
            .collect();
        if !suffixes_are_literal(self.context.mesh.settings.target) {
            for value in dotted {
                self.tell(Finding::new(
                    codes::SUFFIX_IS_REGEX,
                    format!("In the target release the dots of `{value}` stand for any character."),
                ));
            }
        }
    }

    /// Namespaces were regular expressions; only names that hold no special character mean the same (E71).
    fn namespaces(&mut self, clause: &mut Clause) {
        let of_property = self.property("source.namespace");
        let values: Vec<&str> = self
            .subject
            .namespaces
            .iter()
            .chain(&self.subject.not_namespaces)
            .map(String::as_str)
            .chain(of_property)
            .collect();
        let plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte));
        let odd: Vec<String> = values.iter().filter(|value| !plain(value)).map(|value| (*value).to_owned()).collect();
        clause.dead_on_tcp_in_1_4 |= values.iter().any(|value| value.len() > 1 && value.contains('*'));
        for value in odd {
            self.tell(Finding::new(
                codes::NAMESPACE_IS_REGEX,
                format!(
                    "Old Istio read the namespace `{value}` as a regular expression; no namespace has such a name."
                ),
            ));
        }
    }

    fn source_addresses(&mut self, clause: &mut Clause) {
        let subject = self.subject;
        let lists = [
            subject.ips.iter().map(String::as_str).collect::<Vec<_>>(),
            self.property("source.ip").into_iter().collect(),
        ];
        for list in lists.into_iter().filter(|list| !list.is_empty()) {
            let read = addresses::read(list);
            self.tell_ignored(&read.ignored);
            read.findings().for_each(|finding| self.tell(finding));
            if read.valid.is_empty() {
                self.outcomes.push(Outcome::Removed);
                continue;
            }
            self.outcomes.push(Outcome::Kept);
            if clause.source.ip_blocks.values.is_empty() {
                clause.source.ip_blocks.values = read.valid;
            } else {
                clause.require("source.ip", read.valid);
            }
        }
        if !self.subject.not_ips.is_empty() {
            let read = addresses::read(self.subject.not_ips.iter().map(String::as_str));
            if read.valid.is_empty() {
                self.tell(Finding::new(
                    codes::NO_VALID_NOT_IP,
                    format!("None of the addresses in `notIps` ({}) can be read.", read.ignored.join(", ")),
                ));
            } else {
                self.tell_ignored(&read.ignored);
            }
            read.findings().for_each(|finding| self.tell(finding));
            self.outcomes.push(Outcome::Kept);
            clause.source.ip_blocks.not = read.valid;
        }
    }

    fn tell_ignored(&mut self, ignored: &[String]) {
        for value in ignored {
            self.tell(Finding::new(
                codes::UNREADABLE_ADDRESS,
                format!("The address `{value}` cannot be read; old Istio ignored it, and so does the result."),
            ));
        }
    }

    /// Emitted only where the target reads a string claim as old Istio did: split at its spaces.
    fn not_groups(&mut self, clause: &mut Clause) {
        if self.subject.not_groups.is_empty() {
            return;
        }
        clause.http_only = true;
        let split = self.is_split("request.auth.claims[groups]");
        if split || self.context.options.allow.contains(&codes::NEGATED_CLAIM) {
            self.outcomes.push(Outcome::Kept);
            clause.when.push(Condition {
                key: "request.auth.claims[groups]".to_owned(),
                field: Field { values: Vec::new(), not: self.subject.not_groups.clone() },
            });
        } else {
            self.outcomes.push(Outcome::Never);
        }
        if !split {
            let groups = self.subject.not_groups.join(", ");
            self.tell(Finding::new(
                codes::NEGATED_CLAIM,
                format!("The subject is left out: `notGroups` ({groups}) would no longer exclude a token whose claim `groups` is one text with spaces."),
            ));
        }
    }

    fn odd_keys(&mut self) {
        for key in self.properties(keys::UNKNOWN) {
            self.outcomes.push(Outcome::Never);
            self.tell(Finding::new(
                codes::UNKNOWN_PROPERTY,
                format!("No filter ever set the property `{key}`, so this subject matched nobody and is left out."),
            ));
        }
        for key in self.properties(keys::CLAIMS_WITHOUT_NAME) {
            self.claims_without_name(&key);
        }
        for key in self.properties(keys::HEADERS_WITHOUT_NAME) {
            self.outcomes.push(Outcome::Removed);
            self.tell(Finding::new(
                codes::MALFORMED_KEY,
                format!("Old Istio could not read the property `{key}` and put no condition in its place; it only kept the subject off TCP ports."),
            ));
        }
        let odd = [keys::ODD_HEADER, keys::ODD_CLAIM];
        for key in odd.into_iter().flat_map(|family| self.properties(family)).collect::<Vec<_>>() {
            if key.ends_with("[]") {
                self.tell(Finding::new(
                    codes::EMPTY_BRACKETS,
                    format!("The property `{key}` names nothing between its brackets."),
                ));
            } else {
                self.outcomes.push(Outcome::Never);
                self.tell(Finding::new(
                    codes::UNKNOWN_PROPERTY,
                    format!("No token ever held what the property `{key}` asks for, so this subject matched nobody and is left out."),
                ));
            }
        }
    }

    /// It is not certain whether old Istio left such a property out or never matched it (C8), so the subject grants nothing;
    /// alone it granted nothing either way.
    fn claims_without_name(&mut self, key: &str) {
        let is_condition = |(other, _): &&(String, String)| !other.starts_with("request.auth.claims");
        let alone = !self.outcomes.iter().any(|outcome| matches!(outcome, Outcome::True | Outcome::Kept))
            && !self.subject.properties.iter().any(|property| is_condition(&property));
        let finding = Finding::new(
            codes::CLAIMS_WITHOUT_NAME,
            format!(
                "The property `{key}` names no claim in brackets; old Istio ignored it or never matched it, so the subject is left out."
            ),
        );
        self.outcomes.push(Outcome::Never);
        self.tell(if alone { finding.direction(Direction::None) } else { finding });
    }

    /// Claims are read from the token itself now; what that changes depends on the tokens.
    fn claims(&mut self, clause: &Clause) {
        // All values of a subject about one claim are alternatives; several conditions on it have to hold together.
        let asked = |condition: &&Condition| condition.key.starts_with("request.auth.claims[");
        let mut claims: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for condition in clause.when.iter().filter(asked) {
            claims.entry(&condition.key).or_default().extend(condition.field.values.iter().map(String::as_str));
        }
        claims.iter().for_each(|(claim, values)| self.claim_form(claim, values));
        self.audiences(clause);
    }

    /// The two differences that no form removes are relaxations by name; `--strict` accepts none (C3).
    fn claim_form(&mut self, key: &str, values: &[&str]) {
        let strict = self.context.options.strict;
        // Presence (`*`) is the same in every form, and every release splits `scope` and `permission`.
        let split =
            matches!(key, "request.auth.claims[scope]" | "request.auth.claims[permission]") || self.is_split(key);
        if !split && values.iter().any(|value| *value != "*") {
            let finding = Finding::new(
                codes::CLAIM_FORM,
                format!(
                    "The claim behind `{key}` is no longer split into words when it is one text, and may be a list that holds other things than texts."
                ),
            );
            self.tell(if strict { finding.severity(Severity::Error) } else { finding });
        }
        let with_space: Vec<&str> = values.iter().copied().filter(|value| value.contains(' ')).collect();
        if !split && !with_space.is_empty() {
            self.tell(Finding::new(
                codes::CLAIM_WITH_SPACE,
                format!("`{}` holds a space: no word of a split claim behind `{key}` was equal to it, and the whole claim may be.", with_space.join("`, `")),
            ));
        }
        if strict {
            self.tell(Finding::new(
                codes::MIXED_CLAIM_LIST,
                format!("Old Istio did not see the claim behind `{key}` when it was a list that also holds other things than texts; now its texts count."),
            ));
        }
    }

    /// True when EVERY RequestAuthentication of the input has the claim split at its spaces.
    fn is_split(&self, key: &str) -> bool {
        let claim = key.strip_prefix("request.auth.claims[").and_then(|rest| rest.strip_suffix(']'));
        let mut rules = self.context.mesh.request.iter().flat_map(|request| &request.rules).peekable();
        rules.peek().is_some()
            && rules.all(|rule| rule.space_delimited_claims.iter().any(|split| Some(split.as_str()) == claim))
    }

    fn audiences(&mut self, clause: &Clause) {
        let audiences = clause.when.iter().filter(|condition| condition.key == "request.auth.audiences");
        let audiences: Vec<String> =
            audiences.flat_map(|condition| &condition.field.values).filter(|value| *value != "*").cloned().collect();
        if !audiences.is_empty() {
            self.tell(Finding::new(
                codes::ANY_AUDIENCE,
                format!("`request.auth.audiences` was compared with the first audience of a token; now any of them may be {}.", audiences.join(", ")),
            ));
        }
    }

    /// The clause once per alternative of `request.auth.principal`.
    fn request_principal(&mut self, clause: &Clause) -> Vec<Clause> {
        let Some(value) = self.property("request.auth.principal").map(str::to_owned) else {
            return vec![clause.clone()];
        };
        self.outcomes.push(Outcome::Kept);
        let settings = &self.context.mesh.settings;
        let looks_like_peer = value.contains("/ns/") && value.contains("/sa/");
        match self.principal {
            Meaning::Peer { optional_tokens } => {
                let mut peer = clause.clone();
                peer.http_only = true;
                peer.not_on_preflights = true;
                if peer.source.principals.values.is_empty() {
                    peer.source.principals.values = vec![value.clone()];
                } else {
                    peer.require("source.principal", vec![value.clone()]);
                }
                self.tell(Finding::new(
                    codes::REQUEST_PRINCIPAL_WAS_PEER,
                    format!("With `principalBinding: USE_PEER` the property `request.auth.principal: {value}` was compared with the client certificate, so it became `principals`."),
                ));
                if *optional_tokens {
                    self.tell(Finding::new(
                        codes::PRINCIPAL_OF_OPTIONAL_TOKEN,
                        format!("The policies that bind `request.auth.principal: {value}` to the client certificate take requests without a valid token too (`originIsOptional`), and left it unset on those."),
                    ));
                }
                vec![peer]
            }
            Meaning::Token { issuers, certain } => {
                if !certain || looks_like_peer {
                    self.tell(Finding::new(
                        codes::REQUEST_PRINCIPAL_UNCERTAIN,
                        format!("`request.auth.principal: {value}` was read as issuer and subject of a token; under `principalBinding: USE_PEER` it was the client certificate."),
                    ));
                }
                let alternatives = request_principal::alternatives(&value, issuers, settings.target);
                alternatives
                    .into_iter()
                    .map(|alternative| {
                        let mut both = clause.clone();
                        both.http_only = true;
                        both.source.request_principals = alternative.source.request_principals;
                        both.when.extend(alternative.when);
                        both
                    })
                    .collect()
            }
        }
    }

    fn finish(self, alternatives: Vec<Clause>) -> Converted {
        let never = self.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Never));
        // "Removed" alone leaves nothing that could hold: old Istio matched nobody then.
        let something = self.outcomes.iter().any(|outcome| matches!(outcome, Outcome::True | Outcome::Kept));
        let mut findings = self.findings;
        let place = self.subject.place.clone();
        let alternatives = if never || !something { Vec::new() } else { alternatives };
        if alternatives.is_empty() && !findings.iter().any(says_nobody) {
            let why = if never {
                format!("no identity satisfies {}", identity_fields(self.subject).join(" and "))
            } else {
                "none of its conditions could be read".to_owned()
            };
            findings.push(
                Finding::new(
                    codes::SUBJECT_MATCHES_NOBODY,
                    format!("This subject matched nobody in old Istio and is left out: {why}."),
                )
                .at(place),
            );
        }
        Converted { alternatives, findings }
    }
}

/// True when old Istio dropped the subject on TCP ports, whatever the values: ANY field or property is about HTTP
/// (`meaning/rbac.md` §3.6). `source.user` is added with the identity.
fn is_http_only(subject: &Subject) -> bool {
    !subject.group.is_empty()
        || !subject.groups.is_empty()
        || !subject.not_groups.is_empty()
        || subject.properties.iter().any(|(key, _)| key.starts_with("request."))
}

/// What a subject says about the peer's identity, as it is written.
fn identity_fields(subject: &Subject) -> Vec<String> {
    let user = (!subject.user.is_empty()).then(|| format!("`user: {}`", subject.user));
    let list =
        |name: &str, values: &[String]| (!values.is_empty()).then(|| format!("`{name}: [{}]`", values.join(", ")));
    let properties = subject.properties.iter().filter(|(key, _)| key == "source.principal" || key == "source.user");
    user.into_iter()
        .chain(list("names", &subject.names))
        .chain(list("notNames", &subject.not_names))
        .chain(properties.map(|(key, value)| format!("`{key}: {value}`")))
        .collect()
}

/// True when the finding already says that the subject is left out.
fn says_nobody(finding: &Finding) -> bool {
    let left_out =
        [codes::UNKNOWN_PROPERTY, codes::NEGATED_CLAIM, codes::HOST_HEADER_NEVER_MATCHED, codes::CLAIMS_WITHOUT_NAME];
    left_out.contains(&finding.code) || finding.refuses()
}

/// The release escapes regex characters in suffix patterns (`meaning/rbac.md` §4.4).
fn suffixes_are_literal(target: Version) -> bool {
    let patched = |minor: u16, patch: u16| {
        target.at_least(minor) && !target.at_least(minor + 1) && target >= Version::patch(minor, patch)
    };
    target.at_least(30) || patched(29, 3) || patched(28, 7)
}

/// True when the subject is dead on TCP ports under this source release.
pub fn needs_guard(clause: &Clause, source: SourceRelease) -> bool {
    clause.dead_on_tcp_in_1_4 && source == SourceRelease::V1_4
}
