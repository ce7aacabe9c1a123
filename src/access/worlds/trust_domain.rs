//! Trust domain aliases: one principal of a policy stands for several identities (`meaning/rbac.md` §7.1).

use crate::access::logic::pattern::static_matches;
use crate::mesh::Settings;

/// A value with exactly five parts whose trust domain is the mesh's, an alias, or `cluster.local`, stands for the same
/// identity in every one of the mesh's trust domains; any other value stands for itself.
pub fn expand(settings: &Settings, value: &str) -> Vec<String> {
    let itself = || vec![value.to_owned()];
    let parts: Vec<&str> = value.split('/').collect();
    let [domain, rest @ ..] = &parts[..] else { return itself() };
    if rest.len() != 4 || *domain == "*" {
        return itself();
    }
    let bundle: Vec<&str> =
        std::iter::once(&settings.trust_domain).chain(&settings.trust_domain_aliases).map(String::as_str).collect();
    let known = |entry: &&str| static_matches(domain, entry) || static_matches(entry, domain);
    if *domain != "cluster.local" && !bundle.iter().any(known) {
        return itself();
    }
    let mut expanded: Vec<String> = Vec::new();
    for entry in bundle {
        // A leading-star pattern that covers the entry is kept as it is.
        let principal = match domain.starts_with('*') && static_matches(domain, entry) {
            true => value.to_owned(),
            false => format!("{entry}/{}", rest.join("/")),
        };
        if !expanded.contains(&principal) {
            expanded.push(principal);
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: &str, aliases: &[&str], value: &str, expected: &[&str]) {
        let settings = Settings {
            trust_domain: domain.to_owned(),
            trust_domain_aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
            ..Settings::default()
        };
        assert_eq!(expand(&settings, value), expected, "{value}");
    }

    #[test]
    fn e72_e75_aliases_are_expanded() {
        check("td1", &["td0"], "cluster.local/ns/a/sa/b", &["td1/ns/a/sa/b", "td0/ns/a/sa/b"]);
        check("td2", &["td1"], "td1/ns/foo/sa/bar", &["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"]);
        check("td1", &["td0"], "cluster.local/ns/a/sa/*", &["td1/ns/a/sa/*", "td0/ns/a/sa/*"]);
        let star = "*-td/ns/foo/sa/bar";
        check("foo-td", &["td1", "td2"], star, &[star, "td1/ns/foo/sa/bar", "td2/ns/foo/sa/bar"]);
        check("td1", &["td0"], "*/ns/foo/sa/bar", &["*/ns/foo/sa/bar"]);
        check("td1", &["td0"], "elsewhere/ns/a/sa/b", &["elsewhere/ns/a/sa/b"]);
        check("td1", &["td0"], "spiffe://td1/ns/a/sa/b", &["spiffe://td1/ns/a/sa/b"]);
    }
}
