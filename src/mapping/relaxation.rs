//! What a relaxation costs for a given value: nothing, the accepted difference, or more than was accepted.

use super::format::RelaxationText;

/// How the usual form of a rule treats a value, compared with its exact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Both forms mean the same.
    Same,
    /// They differ as the relaxation says, and only so.
    Relaxed,
    /// They differ by more, or the usual form does not take the value: the exact form is needed.
    Unfit,
}

impl RelaxationText {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            RelaxationText::QueryString => "query-string",
            RelaxationText::HostCase => "host-case",
        }
    }

    /// How the usual form treats this value.
    pub fn fit(self, value: &str) -> Fit {
        match self {
            RelaxationText::QueryString => path_fit(value),
            RelaxationText::HostCase => host_fit(value),
        }
    }
}

/// `paths` against `request.headers[:path]` (`meaning/rbac.md` §6.4): the former does not see the query.
fn path_fit(pattern: &str) -> Fit {
    if pattern.contains(['?', '#', '{', '}']) {
        // A query or fragment never matches `paths`; braces are a template there, or rejected (E89, E130).
        Fit::Unfit
    } else if pattern == "*" || is_prefix(pattern) {
        // The query comes after everything a prefix tests.
        Fit::Same
    } else {
        Fit::Relaxed
    }
}

/// A leading star has priority, so `*a*` is a suffix pattern (`meaning/rbac.md` §2.1).
fn is_prefix(pattern: &str) -> bool {
    pattern.ends_with('*') && !pattern.starts_with('*')
}

/// `hosts` against `request.headers[:authority]`: the former ignores case. A pattern with a capital letter matched no
/// request in lower case, and `hosts` matches them (E92): that is more than was accepted.
fn host_fit(pattern: &str) -> Fit {
    if !pattern.is_ascii() || pattern.contains(|c: char| c.is_ascii_uppercase()) {
        Fit::Unfit
    } else if pattern.contains(|c: char| c.is_ascii_lowercase()) {
        Fit::Relaxed
    } else {
        Fit::Same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e86_e87_e88_exact_and_suffix_paths_differ_for_requests_with_a_query() {
        assert_eq!(path_fit("/a"), Fit::Relaxed);
        assert_eq!(path_fit("*/b"), Fit::Relaxed);
        assert_eq!(path_fit("*a*"), Fit::Relaxed, "a leading star makes it a suffix pattern");
    }

    #[test]
    fn prefix_and_presence_paths_are_the_same() {
        assert_eq!(path_fit("/a/*"), Fit::Same);
        assert_eq!(path_fit("*"), Fit::Same);
    }

    #[test]
    fn e89_e130_braces_and_queries_need_the_header_form() {
        for path in ["/a/{id}", "/a/{*}", "/a?x=1", "/a?*", "/a#b"] {
            assert_eq!(path_fit(path), Fit::Unfit, "{path}");
        }
    }

    #[test]
    fn e92_a_host_with_capitals_needs_the_header_form() {
        assert_eq!(host_fit("API.example.com"), Fit::Unfit);
        assert_eq!(host_fit("api.example.com"), Fit::Relaxed);
        assert_eq!(host_fit("10.0.0.1:80"), Fit::Same);
        assert_eq!(host_fit("*"), Fit::Same);
    }
}
