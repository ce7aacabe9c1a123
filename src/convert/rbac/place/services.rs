//! Service patterns: they match host names (`name.namespace.svc.DOMAIN`), never short names (`meaning/rbac.md` §2.1, §3.4).

/// M-service: equal; or `*`; or a prefix before a trailing star; or a suffix after a leading one. Any other star is
/// literal. A pattern with a star at both ends is tried as a prefix and as a suffix, with the other star literal.
pub fn matches(pattern: &str, text: &str) -> bool {
    pattern == text
        || pattern == "*"
        || pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix))
        || pattern.strip_prefix('*').is_some_and(|suffix| text.ends_with(suffix))
}

/// True when ANY of the patterns matches; an empty list means every service (1.2 and later).
pub fn any_matches(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
}

/// True for a pattern that can match one name only.
pub fn is_exact(pattern: &str) -> bool {
    !pattern.starts_with('*') && !pattern.ends_with('*')
}

/// True when at most one service of a namespace can match, now or later: an exact name, or a prefix that goes beyond
/// the first dot (`app.*`), for service names hold no dots.
pub fn names_one_service(pattern: &str) -> bool {
    let reaches_beyond_the_name = || pattern.split_once('.').is_some_and(|(name, _)| !name.is_empty());
    !pattern.starts_with('*') && (is_exact(pattern) || reaches_beyond_the_name())
}

/// True when the pattern matches the host name of every Kubernetes Service of the namespace, known or not. Unlike
/// `*` it does not match hosts of ServiceEntries and of custom Sidecar listeners.
pub fn matches_every_service(pattern: &str, namespace: &str, domain: &str) -> bool {
    let end = format!(".{namespace}.svc.{domain}");
    pattern.strip_prefix('*').is_some_and(|suffix| end.ends_with(suffix))
}

/// True when the pattern matches the host name of every Service of every namespace.
pub fn matches_any_namespace(pattern: &str, domain: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|suffix| format!(".svc.{domain}").ends_with(suffix))
}

/// True when it depends on the name of the namespace which of its services the pattern matches: a full host name, a
/// prefix that goes beyond the dot after the service (`cart.fo*`), a suffix that reaches into the namespace
/// (`*.foo.svc.cluster.local`). What matches in every namespace (`*`, `cart*`, `cart.*`) does not, and neither does what
/// matches in none.
pub fn goes_by_namespace(pattern: &str, domain: &str) -> bool {
    let exact = is_exact(pattern) && split_host(pattern, domain).is_some();
    let prefix = pattern.strip_suffix('*').filter(|prefix| !prefix.starts_with('*'));
    let beyond_the_dot = prefix.and_then(|prefix| prefix.split_once('.')).is_some_and(|(_, rest)| !rest.is_empty());
    let suffix = pattern.strip_prefix('*').filter(|suffix| !suffix.ends_with('*'));
    let into_it = suffix.and_then(|suffix| suffix.strip_suffix(&format!(".svc.{domain}")));
    exact || beyond_the_dot || into_it.is_some_and(|rest| !rest.is_empty())
}

/// The namespace that a pattern which goes by namespace names in full, if it does.
pub fn namespace_in(pattern: &str, domain: &str) -> Option<String> {
    let exact = split_host(pattern, domain).filter(|_| is_exact(pattern)).map(|(_, namespace)| namespace);
    let prefix = || pattern.strip_suffix('*')?.split_once('.')?.1.split_once('.').map(|(namespace, _)| namespace);
    let suffix =
        || pattern.strip_prefix('*')?.strip_suffix(&format!(".svc.{domain}"))?.rsplit_once('.').map(|(_, last)| last);
    exact.or_else(prefix).or_else(suffix).filter(|namespace| !namespace.is_empty()).map(str::to_owned)
}

/// Name and namespace of a Service's host name, `None` when it is not one of this cluster.
pub fn split_host<'a>(host: &'a str, domain: &str) -> Option<(&'a str, &'a str)> {
    let service = host.strip_suffix(domain)?.strip_suffix(".svc.")?;
    let (name, namespace) = service.split_once('.')?;
    let one_label = |label: &str| !label.is_empty() && !label.contains(['.', '*']);
    (one_label(name) && one_label(namespace)).then_some((name, namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: bool) {
        assert_eq!(matches(pattern, "app-v2.default.svc.cluster.local"), expected, "{pattern}");
    }

    #[test]
    fn e23_e24_e26_patterns_match_host_names_and_never_short_names() {
        check("app-v2", false);
        check("app-v2.default", false);
        check("app-v2.other.svc.cluster.local", false);
        check("*-v2", false);
        check("app-v2.default.svc.cluster.local", true);
        check("app-v2.*", true);
        check("app*", true);
        check("*.default.svc.cluster.local", true);
        check("*", true);
        check("*app*", false);
    }

    #[test]
    fn e25_only_patterns_that_end_like_the_namespace_match_every_service() {
        for (pattern, expected) in [
            ("*", true),
            ("*.default.svc.cluster.local", true),
            ("*.svc.cluster.local", true),
            ("*local", true),
            ("*.other.svc.cluster.local", false),
            ("*a.default.svc.cluster.local", false),
            ("app*", false),
        ] {
            assert_eq!(matches_every_service(pattern, "default", "cluster.local"), expected, "{pattern}");
        }
    }

    #[test]
    fn e27_a_prefix_beyond_the_first_dot_names_one_service() {
        for (pattern, expected) in [
            ("app.default.svc.cluster.local", true),
            ("app.*", true),
            ("app.default.*", true),
            ("app*", false),
            ("*", false),
            ("*.default.svc.cluster.local", false),
            ("*app.default*", false),
        ] {
            assert_eq!(names_one_service(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_goes_by_namespace_where_it_reaches_beyond_the_service_or_into_the_namespace() {
        for (pattern, expected) in [
            ("*", None),
            ("cart*", None),
            ("cart.*", None),
            ("cart", None),
            ("cart.foo", None),
            ("*-v2", None),
            ("*.svc.cluster.local", None),
            ("*local", None),
            ("*cart*", None),
            ("cart.foo.svc.cluster.local", Some("foo")),
            ("cart.foo.*", Some("foo")),
            ("cart.fo*", Some("")),
            ("*.foo.svc.cluster.local", Some("foo")),
            ("*oo.svc.cluster.local", Some("")),
        ] {
            let domain = "cluster.local";
            assert_eq!(goes_by_namespace(pattern, domain), expected.is_some(), "{pattern}");
            if let Some(expected) = expected {
                assert_eq!(namespace_in(pattern, domain).unwrap_or_default(), expected, "{pattern}");
            }
        }
    }

    #[test]
    fn e37_a_host_name_of_another_domain_is_no_service() {
        assert_eq!(split_host("app.default.svc.corp.local", "corp.local"), Some(("app", "default")));
        assert_eq!(split_host("app.default.svc.cluster.local", "corp.local"), None);
        assert_eq!(split_host("app.default", "cluster.local"), None);
        assert_eq!(split_host("*.default.svc.cluster.local", "cluster.local"), None);
    }
}
