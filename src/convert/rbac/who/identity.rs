//! Who calls, by certificate: `user`, `names`, `notNames` and the properties `source.principal` and `source.user`
//! (`meaning/rbac.md` §6.6).
//!
//! The four positive ones are lists of alternatives that must ALL match. The new API has one place for such a list
//! (`principals`); every further one is a condition on `source.principal`.

use crate::api::legacy::Subject;
use crate::convert::rbac::who::trust_domain::expand;
use crate::mesh::Settings;

/// What the identity fields of a subject amount to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// Lists that must all match; the first becomes `principals`. Empty: no condition.
    pub lists: Vec<Vec<String>>,
    /// `notPrincipals`.
    pub not: Vec<String>,
    /// Nobody has such an identity.
    pub impossible: bool,
    /// `source.principal: "*"` was read as "authenticated" (E50).
    pub star_principal: bool,
    /// Values with `spiffe://`, which never matched (E74).
    pub with_scheme: Vec<String>,
    /// Values that the new API expands by trust domain aliases and old Istio did not, with whether the result is wider.
    pub newly_expanded: Vec<(String, bool)>,
}

/// One positive field.
struct List<'a> {
    values: Vec<&'a str>,
    /// `*`, `allUsers` and `allAuthenticatedUsers` are special; for `source.user` they are plain texts (but `*` is a
    /// pattern everywhere).
    special: bool,
    /// Old Istio expanded trust domain aliases.
    expanded: bool,
}

/// Reduces the identity fields. `star_is_anyone`: `--legacy-bug-compat`.
pub fn reduce(subject: &Subject, settings: &Settings, star_is_anyone: bool) -> Identity {
    let property = |key: &str| {
        subject.properties.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let user = (!subject.user.is_empty()).then_some(subject.user.as_str());
    let principal = property("source.principal");
    let mut identity = Identity { star_principal: principal.contains(&"*"), ..Identity::default() };
    let fields = [
        List { values: user.into_iter().collect(), special: true, expanded: true },
        List { values: subject.names.iter().map(String::as_str).collect(), special: true, expanded: false },
        List { values: principal.clone(), special: true, expanded: true },
        List { values: property("source.user"), special: false, expanded: false },
    ];
    for (index, field) in fields.iter().enumerate() {
        let star_means_authenticated = index == 2 && !star_is_anyone;
        identity.require(field, star_means_authenticated, settings);
    }
    identity.exclude(&subject.not_names, settings);
    identity.simplify();
    identity.impossible |= excludes_each_other(&identity.lists, settings);
    identity
}

impl Identity {
    fn require(&mut self, field: &List<'_>, star_means_authenticated: bool, settings: &Settings) {
        let anyone = |value: &&str| *value == "allUsers" || (*value == "*" && !star_means_authenticated);
        // ANY value that stands for everybody makes the whole list true.
        if field.values.is_empty() || (field.special && field.values.iter().any(anyone)) {
            return;
        }
        let mut list: Vec<String> = Vec::new();
        for value in &field.values {
            if field.special && *value == "allAuthenticatedUsers" {
                list.push("*".to_owned());
            } else if value.starts_with("spiffe://") {
                self.with_scheme.push((*value).to_owned());
            } else if field.special || !matches!(*value, "allUsers" | "allAuthenticatedUsers") {
                list.push((*value).to_owned());
                if !field.expanded && expand(value, settings) != [*value] {
                    self.newly_expanded.push(((*value).to_owned(), true));
                }
            }
        }
        // Every value was one that no identity equals.
        self.impossible |= list.is_empty();
        if list.iter().any(|value| value == "*") {
            list = vec!["*".to_owned()];
        }
        self.lists.push(list);
    }

    fn exclude(&mut self, names: &[String], settings: &Settings) {
        for name in names {
            match name.as_str() {
                "allUsers" | "*" => self.impossible = true,
                "allAuthenticatedUsers" => self.not.push("*".to_owned()),
                _ if name.starts_with("spiffe://") => self.with_scheme.push(name.clone()),
                _ => {
                    let expanded = expand(name, settings);
                    if expanded != [name.as_str()] {
                        // When the value itself is no longer among them, its callers are no longer excluded.
                        self.newly_expanded.push((name.clone(), !expanded.contains(name)));
                    }
                    self.not.push(name.clone());
                }
            }
        }
    }

    /// Leaves out lists that another one implies: `*` beside any other, and supersets of another (E51, E81).
    fn simplify(&mut self) {
        let mut kept: Vec<Vec<String>> = Vec::new();
        for list in std::mem::take(&mut self.lists) {
            if kept.iter().any(|other| implies(other, &list)) {
                continue;
            }
            kept.retain(|other| !implies(&list, other));
            kept.push(list);
        }
        self.lists = kept;
    }
}

/// True when EVERY identity that matches `narrow` matches `wide`, as far as the values show it.
fn implies(narrow: &[String], wide: &[String]) -> bool {
    wide == ["*"] || narrow.iter().all(|value| wide.contains(value))
}

/// True when two single exact identities are required and differ, also after alias expansion (E52).
fn excludes_each_other(lists: &[Vec<String>], settings: &Settings) -> bool {
    let exact: Vec<Vec<String>> = lists
        .iter()
        .filter_map(|list| match list.as_slice() {
            [value] if crate::convert::rbac::place::services::is_exact(value) => Some(expand(value, settings)),
            _ => None,
        })
        .collect();
    let differ = |a: &[String], b: &[String]| !a.iter().any(|value| b.contains(value));
    exact.iter().enumerate().any(|(i, a)| exact.iter().skip(i + 1).any(|b| differ(a, b)))
}
