//! Trust domain aliases: which identities a value stands for (`meaning/rbac.md` §7.1).

use crate::mesh::Settings;

/// The identities a value is expanded to where it is expanded: by the new API always, by old Istio only in `user` and
/// in the property `source.principal` (§7.2).
pub fn expand(value: &str, settings: &Settings) -> Vec<String> {
    let Some((domain, rest)) = value.split_once('/').filter(|_| value.split('/').count() == 5) else {
        return vec![value.to_owned()];
    };
    let bundle = || std::iter::once(&settings.trust_domain).chain(&settings.trust_domain_aliases);
    let is_current = domain == "cluster.local" || bundle().any(|known| alike(domain, known));
    if domain == "*" || !is_current {
        return vec![value.to_owned()];
    }
    let mut expanded: Vec<String> = Vec::new();
    for known in bundle() {
        // A pattern that already covers the domain stays as it is.
        let form = match domain.strip_prefix('*') {
            Some(suffix) if known.ends_with(suffix) => value.to_owned(),
            _ => format!("{known}/{rest}"),
        };
        if !expanded.contains(&form) {
            expanded.push(form);
        }
    }
    expanded
}

/// Equal, with a star at one end accepted on either side.
fn alike(a: &str, b: &str) -> bool {
    crate::convert::rbac::place::services::matches(a, b) || crate::convert::rbac::place::services::matches(b, a)
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
        assert_eq!(expand(value, &settings), expected);
    }

    #[test]
    fn e72_e75_values_of_five_parts_stand_for_every_alias() {
        check("td2", &["td1"], "td1/ns/foo/sa/bar", &["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"]);
        check("td1", &["td0"], "cluster.local/ns/a/sa/b", &["td1/ns/a/sa/b", "td0/ns/a/sa/b"]);
        check("td1", &[], "cluster.local/ns/a/sa/*", &["td1/ns/a/sa/*"]);
        check("td1", &["td0"], "*/ns/a/sa/b", &["*/ns/a/sa/b"]);
        check("td1", &["td0"], "other/ns/a/sa/b", &["other/ns/a/sa/b"]);
        check("cluster.local", &[], "cluster.local/ns/a/sa/b", &["cluster.local/ns/a/sa/b"]);
    }
}
