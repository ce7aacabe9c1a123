//! Patterns as Envoy and Pilot match them (`spec/rbac.md` §2.1): the text of a policy becomes a [`Test`], and a test
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

impl Test {
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

/// M-cidr of the old API: one address or a block; host bits and leading zeros are fine (E67). `None` when unparsable.
pub fn lenient_cidr(text: &str) -> Option<IpNet> {
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

/// True when a `paths` value is a template for targets that know templates (1.22 and later).
pub fn is_template(text: &str) -> bool {
    text.contains("{*}") || text.contains("{**}")
}

/// `{*}` is one non-empty segment, `{**}` any rest; everything else is literal.
fn template_matches(template: &str, path: &str) -> bool {
    let Some(open) = template.find("{*") else { return template == path };
    let (literal, rest) = template.split_at(open);
    let Some(path) = path.strip_prefix(literal) else { return false };
    if let Some(rest) = rest.strip_prefix("{**}") {
        // ANY way to cut the path where the rest of the template matches what is left.
        (0..=path.len()).filter(|&i| path.is_char_boundary(i)).any(|i| template_matches(rest, &path[i..]))
    } else if let Some(rest) = rest.strip_prefix("{*}") {
        let end = path.find('/').unwrap_or(path.len());
        (1..=end).filter(|&i| path.is_char_boundary(i)).any(|i| template_matches(rest, &path[i..]))
    } else {
        path == rest
    }
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
    fn templates_match_segments() {
        let holds = |template: &str, path: &str| Test::Template(template.into()).holds(path);
        assert!(holds("/a/{*}/b", "/a/x/b") && !holds("/a/{*}/b", "/a/x/y/b") && !holds("/a/{*}/b", "/a//b"));
        assert!(holds("/a/{**}", "/a/") && holds("/a/{**}", "/a/x/y") && !holds("/a/{**}", "/b"));
    }

    #[test]
    fn e70_a_raw_star_repeats_the_last_character() {
        let test = Test::Repeats { head: "prod".into(), last: '-' };
        assert!(test.holds("prod") && test.holds("prod-") && !test.holds("prod-x"));
    }
}
