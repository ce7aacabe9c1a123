//! Patterns as Envoy and Pilot match them (`meaning/rbac.md` §2.1): the text of a policy becomes a [`Test`], and a test
//! holds or does not hold for one string.

use ipnet::IpNet;
use std::net::IpAddr;

/// Exact, prefix, suffix or presence; stars elsewhere are literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Glob {
    /// `*`: the attribute is there.
    Any,
    /// The whole string.
    Exact(String),
    /// `x*`.
    Prefix(String),
    /// `*x`; a leading star is looked at before a trailing one, so `*x*` is the suffix `x*`.
    Suffix(String),
}

impl Glob {
    /// M-header and M-string.
    pub fn parse(text: &str) -> Glob {
        if text == "*" {
            Glob::Any
        } else if let Some(rest) = text.strip_prefix('*') {
            Glob::Suffix(rest.to_owned())
        } else if let Some(rest) = text.strip_suffix('*') {
            Glob::Prefix(rest.to_owned())
        } else {
            Glob::Exact(text.to_owned())
        }
    }

    /// True when the string matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Glob::Any => true,
            Glob::Exact(exact) => text == exact,
            Glob::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Glob::Suffix(suffix) => text.ends_with(suffix.as_str()),
        }
    }

    /// True for a pattern on paths that asks for a fragment.
    pub fn names_fragment(&self) -> bool {
        match self {
            Glob::Any => false,
            Glob::Exact(text) | Glob::Prefix(text) | Glob::Suffix(text) => text.contains('#'),
        }
    }

    /// The same pattern in lower case.
    pub fn lower(&self) -> Glob {
        match self {
            Glob::Any => Glob::Any,
            Glob::Exact(text) => Glob::Exact(text.to_ascii_lowercase()),
            Glob::Prefix(text) => Glob::Prefix(text.to_ascii_lowercase()),
            Glob::Suffix(text) => Glob::Suffix(text.to_ascii_lowercase()),
        }
    }
}

/// A condition on one string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// A [`Glob`], case-sensitive.
    Glob(Glob),
    /// A [`Glob`] in lower case, compared without case.
    AnyCase(Glob),
    /// An address in a block.
    Cidr(IpNet),
    /// A path template with `{*}` and `{**}`.
    Template(String),
    /// `head` followed by `last`, any number of times: how proxies before 1.5 read `head` + `last` + `*` (E70).
    Repeats {
        /// What comes first.
        head: String,
        /// What is repeated.
        last: char,
    },
    /// A suffix in which every dot stands for any character: how targets before the escaping fix read one.
    LooseSuffix(String),
}

impl Glob {
    /// What stands before or after the star.
    pub fn text(&self) -> &str {
        match self {
            Glob::Any => "",
            Glob::Exact(text) | Glob::Prefix(text) | Glob::Suffix(text) => text,
        }
    }
}

impl Test {
    /// The text that is looked for; none for addresses.
    pub fn text(&self) -> &str {
        match self {
            Test::Glob(glob) | Test::AnyCase(glob) => glob.text(),
            Test::Template(text) | Test::Repeats { head: text, .. } | Test::LooseSuffix(text) => text,
            Test::Cidr(_) => "",
        }
    }

    /// True when the string passes.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Test::Glob(glob) => glob.matches(text),
            Test::AnyCase(glob) => glob.matches(&text.to_ascii_lowercase()),
            Test::Cidr(net) => text.parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip)),
            Test::Template(template) => template_matches(template, text),
            Test::Repeats { head, last } => {
                text.strip_prefix(head.as_str()).is_some_and(|rest| rest.chars().all(|c| c == *last))
            }
            Test::LooseSuffix(suffix) => {
                let (mut text, mut suffix) = (text.chars().rev(), suffix.chars().rev());
                suffix.all(|wanted| text.next().is_some_and(|c| wanted == '.' || wanted == c))
            }
        }
    }
}

/// M-service: how Pilot compares service names, labels and other static values.
pub fn static_matches(pattern: &str, value: &str) -> bool {
    pattern == value
        || pattern == "*"
        || pattern.strip_suffix('*').is_some_and(|prefix| value.starts_with(prefix))
        || pattern.strip_prefix('*').is_some_and(|suffix| value.ends_with(suffix))
}

/// M-cidr of the old API.
#[derive(Clone, Debug, PartialEq)]
pub enum OldAddress {
    /// One address or a block.
    Block(IpNet),
    /// An IPv4-mapped block that was compiled to an IPv4 prefix of more than 32 bits.
    TooLong,
}

/// Reads an address as 1.4 and 1.5 did: host bits and leading zeros are fine (E67), and an IPv4-mapped address is the
/// IPv4 address (C8): `::ffff:A/N` is `A/(N-96)`, but below 96 the number itself is the length. `None` when unparsable.
pub fn old_address(text: &str) -> Option<OldAddress> {
    let net = lenient_cidr(text)?;
    let IpAddr::V6(address) = net.addr() else { return Some(OldAddress::Block(net)) };
    let Some(mapped) = address.to_ipv4_mapped() else { return Some(OldAddress::Block(net)) };
    let length = net.prefix_len();
    let length = if length >= 96 { length - 96 } else { length };
    Some(match IpNet::new(IpAddr::V4(mapped), length) {
        Ok(net) => OldAddress::Block(net),
        Err(_) => OldAddress::TooLong,
    })
}

/// One address or a block; `None` when unparsable.
fn lenient_cidr(text: &str) -> Option<IpNet> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let octets = || -> Option<String> {
        let parts: Option<Vec<String>> = address.split('.').map(|o| Some(o.parse::<u8>().ok()?.to_string())).collect();
        Some(parts?.join("."))
    };
    let ip: IpAddr = address.parse().ok().or_else(|| octets()?.parse().ok())?;
    match length {
        None => Some(IpNet::from(ip)),
        Some(length) => IpNet::new(ip, length.parse().ok()?).ok(),
    }
}

/// M-cidr of the new API. `None` when Istio rejects it.
pub fn cidr(text: &str) -> Option<IpNet> {
    match text.contains('/') {
        true => text.parse().ok(),
        false => text.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// M-port: decimal digits without a sign, 0 to 65535 (`meaning/rbac.md` C4). `None` for anything else.
pub fn port(text: &str) -> Option<u16> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all_digits)
}

/// True when a `paths` value is a template for targets that know templates (1.22 and later).
pub fn is_template(text: &str) -> bool {
    text.contains("{*}") || text.contains("{**}")
}

/// The characters of a segment that a star of a template stands for (`meaning/rbac.md` C7).
fn is_segment_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte)
}

/// `{*}` is one non-empty segment, `{**}` any number of them; everything else is literal.
///
/// Keeps all positions of the path that what was read of the template can end at, so that many stars cost no more than
/// their number times the length of the path.
fn template_matches(template: &str, path: &str) -> bool {
    let mut reached: Vec<bool> = (0..=path.len()).map(|at| at == 0).collect();
    let mut rest = template;
    loop {
        let (literal, star) = match rest.find("{*") {
            Some(open) => rest.split_at(open),
            None => (rest, ""),
        };
        reached = after_literal(&reached, literal, path);
        if let Some(next) = star.strip_prefix("{**}") {
            let later = after_run(&reached, path, |byte| is_segment_char(byte) || byte == b'/');
            reached = reached.iter().zip(later).map(|(&here, later)| here || later).collect();
            rest = next;
        } else if let Some(next) = star.strip_prefix("{*}") {
            reached = after_run(&reached, path, is_segment_char);
            rest = next;
        } else {
            // The end of the template, or a brace that opens no star.
            return after_literal(&reached, star, path).last().copied().unwrap_or_default();
        }
    }
}

/// Where a literal ends that begins at ANY position reached.
fn after_literal(reached: &[bool], literal: &str, path: &str) -> Vec<bool> {
    let begins = |at: usize| {
        reached.get(at).copied().unwrap_or_default() && path.get(at..).is_some_and(|rest| rest.starts_with(literal))
    };
    (0..=path.len()).map(|at| at.checked_sub(literal.len()).is_some_and(begins)).collect()
}

/// Every position after a run of such characters that begins at ANY position reached.
fn after_run(reached: &[bool], path: &str, allowed: impl Fn(u8) -> bool) -> Vec<bool> {
    let mut inside = false;
    let mut after = vec![false];
    for (byte, &begins) in path.bytes().zip(reached) {
        inside = (inside || begins) && allowed(byte);
        after.push(inside);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_star_is_looked_at_first() {
        assert_eq!(Glob::parse("*a*"), Glob::Suffix("a*".into()));
        assert_eq!(Glob::parse("a*"), Glob::Prefix("a".into()));
        assert_eq!(Glob::parse("*"), Glob::Any);
        assert_eq!(Glob::parse("/a/*/b"), Glob::Exact("/a/*/b".into()), "E90");
    }

    #[test]
    fn e23_short_service_name_matches_nothing() {
        let host = "app.default.svc.cluster.local";
        assert!(!static_matches("app", host) && !static_matches("app.default", host));
        assert!(static_matches("app.*", host) && static_matches("*.default.svc.cluster.local", host));
        assert!(!static_matches("*-suffix", "x-suffix.default.svc.cluster.local"), "E26");
    }

    #[test]
    fn e66_e67_old_addresses_are_read_leniently() {
        assert_eq!(lenient_cidr("010.1.2.3"), "10.1.2.3/32".parse().ok());
        assert_eq!(lenient_cidr("10.1.2.3/8").map(|net| net.contains(&IpAddr::from([10, 9, 9, 9]))), Some(true));
        assert_eq!(lenient_cidr("bad"), None);
        assert_eq!(cidr("010.1.2.3"), None);
    }

    #[test]
    fn c8_mapped_addresses_were_ipv4() {
        let block = |text: &str| Some(OldAddress::Block(text.parse().ok()?));
        assert_eq!(old_address("::ffff:10.1.2.3"), block("10.1.2.3/32"));
        assert_eq!(old_address("::ffff:10.0.0.0/104"), block("10.0.0.0/8"));
        assert_eq!(old_address("::ffff:10.0.0.0/24"), block("10.0.0.0/24"));
        assert_eq!(old_address("::ffff:10.0.0.0/64"), Some(OldAddress::TooLong));
        assert_eq!(old_address("2001:db8::/32"), block("2001:db8::/32"));
    }

    #[test]
    fn c4_ports_have_no_sign() {
        assert_eq!(
            (port("8080"), port("08080"), port("+8080"), port(""), port("65536")),
            (Some(8080), Some(8080), None, None, None)
        );
    }

    #[test]
    fn templates_match_segments() {
        let holds = |template: &str, path: &str| Test::Template(template.into()).holds(path);
        assert!(holds("/a/{*}/b", "/a/x/b") && !holds("/a/{*}/b", "/a/x/y/b") && !holds("/a/{*}/b", "/a//b"));
        assert!(holds("/a/{**}", "/a/") && holds("/a/{**}", "/a/x/y") && !holds("/a/{**}", "/b"));
        for odd in ["/a/x*y", "/a/{x}", "/a/ä", "/a/x#y"] {
            assert!(!holds("/a/{*}", odd) && !holds("/a/{**}", odd), "C7: {odd}");
        }
        assert!(holds("/a/{*}", "/a/%7Ex-._~!$&'()+,;:@="), "C7");
        assert!(
            holds("{**}é{*}", "/aéb") && !holds("/{*}{*}", "/a") && holds("/{*x}", "/{*x}") && !holds("/{*x}", "/x")
        );
    }

    /// The same by trying every way to cut the path.
    fn naively(template: &str, path: &str) -> bool {
        let Some(open) = template.find("{*") else { return template == path };
        let (literal, rest) = template.split_at(open);
        let Some(path) = path.strip_prefix(literal) else { return false };
        let cuts = |to: usize| (0..=to).filter(|&i| path.is_char_boundary(i));
        if let Some(rest) = rest.strip_prefix("{**}") {
            let end =
                path.find(|c: char| c != '/' && (!c.is_ascii() || !is_segment_char(c as u8))).unwrap_or(path.len());
            cuts(end).any(|i| naively(rest, &path[i..]))
        } else if let Some(rest) = rest.strip_prefix("{*}") {
            let end = path.find(|c: char| !c.is_ascii() || !is_segment_char(c as u8)).unwrap_or(path.len());
            cuts(end).skip(1).any(|i| naively(rest, &path[i..]))
        } else {
            path == rest
        }
    }

    proptest::proptest! {
        #[test]
        fn a_template_matches_what_any_way_to_cut_the_path_matches(
            parts in proptest::collection::vec(proptest::sample::select(vec!["{*}", "{**}", "/", "a", "é", "{*", "#"]), 0..7),
            path in "[/aé#]{0,7}",
        ) {
            let template = parts.concat();
            proptest::prop_assert_eq!(template_matches(&template, &path), naively(&template, &path), "{}", template);
        }
    }

    #[test]
    fn a_template_of_many_stars_does_not_take_long() {
        let holds = |template: &str, path: &str| Test::Template(template.into()).holds(path);
        assert!(!holds(&format!("/{}b", "{**}a".repeat(40)), &format!("/{}", "a".repeat(200))));
        assert!(holds(&format!("/{}", "{*}a".repeat(40)), &format!("/{}", "a".repeat(80))));
    }

    #[test]
    fn e70_a_raw_star_repeats_the_last_character() {
        let test = Test::Repeats { head: "prod".into(), last: '-' };
        assert!(test.holds("prod") && test.holds("prod-") && !test.holds("prod-x"));
    }
}
