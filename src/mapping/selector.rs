//! The three small languages of a mapping file: selectors, targets and key patterns.

use jsonpath_rust::parser::model;
use jsonpath_rust::parser::parse_json_path;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::str::FromStr;

/// A JSONPath (RFC 9535) made of names and wildcards only, so that reading it needs no imagination and what it can match
/// is known before any input is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    parts: Vec<Part>,
}

/// One segment of a [`Selector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The entry of a map.
    Name(String),
    /// Every entry or item.
    Any,
}

impl Selector {
    /// The segments after `$`.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Selector, String> {
        let query = parse_json_path(text).map_err(|_| {
            format!("`{text}` is not a JSONPath; write it like `$.spec.rules[*].paths` or `$.properties['source.ip']`")
        })?;
        let parts = query.segments.iter().map(part).collect::<Option<Vec<Part>>>().ok_or_else(|| {
            format!(
                "`{text}` uses more of JSONPath than a mapping may: only names and `*` are allowed; what needs more is \
                 handled in Rust"
            )
        })?;
        Ok(Selector { text: text.to_owned(), parts })
    }
}

/// Translates the segments that a mapping may use.
fn part(segment: &model::Segment) -> Option<Part> {
    match segment {
        model::Segment::Selector(model::Selector::Name(name)) => Some(Part::Name(unquoted(name).to_owned())),
        model::Segment::Selector(model::Selector::Wildcard) => Some(Part::Any),
        _ => None,
    }
}

/// The parser keeps the quotes of `['name']`.
fn unquoted(name: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|quote| name.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)))
        .unwrap_or(name)
}

/// A JSON pointer into an output. `-` appends to a list and may stand only at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    text: String,
    /// Names of nested maps, without the closing `-`.
    pub names: Vec<String>,
    /// True when the pointer ends in `-`.
    pub append: bool,
}

impl Target {
    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for the one list whose entries are ANDed in the new API: `when` of an AuthorizationPolicy rule
    /// (`meaning/rbac.md` §4.3). Every other list is ORed, so a second writer would widen access.
    pub fn is_conditions(&self) -> bool {
        self.append && self.names == ["when"]
    }

    /// [`Target::is_conditions`], as a mapping file writes it.
    pub fn conditions() -> Target {
        Target { text: "/when/-".to_owned(), names: vec!["when".to_owned()], append: true }
    }

    /// True for the negated twin of a field: `/operation/notPaths/-`.
    pub fn excludes(&self) -> bool {
        let rest = self.names.last().and_then(|name| name.strip_prefix("not"));
        rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let wrong = || {
            format!(
                "`{text}` is not a target; write it like `/operation/methods` or, to append, `/operation/methods/-`"
            )
        };
        let rest = text.strip_prefix('/').ok_or_else(wrong)?;
        let mut names: Vec<String> = rest.split('/').map(unescape).collect();
        let append = names.last().is_some_and(|last| last == "-");
        if append {
            names.pop();
        }
        if names.iter().any(|name| name.is_empty() || name == "-") {
            return Err(wrong());
        }
        Ok(Target { text: text.to_owned(), names, append })
    }
}

/// Undoes the escapes of a JSON pointer segment.
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A JSON pointer segment for a key.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A pattern over constraint and property keys. `*` stands for one or more characters other than brackets, `**` for any
/// text, also none; everything else stands for itself. So `request.headers[*]` fits well-formed keys only, and a later
/// `request.headers**` gets the malformed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    text: String,
}

impl KeyPattern {
    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when it stands for one key, the one it spells out.
    pub fn is_one_key(&self) -> bool {
        !self.text.contains('*')
    }

    /// True when the whole key fits.
    pub fn fits(&self, key: &str) -> bool {
        fits(&self.text, key)
    }
}

/// Backtracking over at most a handful of stars.
fn fits(pattern: &str, key: &str) -> bool {
    let Some(star) = pattern.find('*') else { return pattern == key };
    let (literal, rest) = pattern.split_at(star);
    let Some(key) = key.strip_prefix(literal) else { return false };
    let ends = key.char_indices().map(|(at, _)| at).chain([key.len()]);
    match rest.strip_prefix("**") {
        Some(rest) => ends.into_iter().any(|end| fits(rest, &key[end..])),
        None => {
            let run = key.find(['[', ']']).unwrap_or(key.len());
            ends.skip(1).take_while(|end| *end <= run).any(|end| fits(&rest[1..], &key[end..]))
        }
    }
}

impl FromStr for KeyPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<KeyPattern, String> {
        if text.is_empty() || text.contains("***") {
            return Err(format!(
                "`{text}` is not a key pattern; write it like `request.headers[*]` or `experimental.**`"
            ));
        }
        Ok(KeyPattern { text: text.to_owned() })
    }
}

/// Deserialises from text in a way that leaves the parser's line and column in the error.
struct FromText<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! from_text {
    ($($kind:ty),*) => { $(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
                deserializer.deserialize_str(FromText(std::marker::PhantomData))
            }
        }
    )* };
}
from_text!(Selector, Target, KeyPattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_names_and_wildcards() {
        let parts = |text: &str| text.parse::<Selector>().map(|s| s.parts);
        let name = |name: &str| Part::Name(name.to_owned());
        assert_eq!(parts("$.spec.rules[*].paths"), Ok(vec![name("spec"), name("rules"), Part::Any, name("paths")]));
        assert_eq!(parts("$.properties['source.ip']"), Ok(vec![name("properties"), name("source.ip")]));
        assert_eq!(parts("$"), Ok(vec![]));
        for wrong in ["spec.x", "$..x", "$.a[?@.b]", "$.a[0:2]", "$.a[0]", "$.a[-1]", "$.a['x','y']", ""] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn targets_append_at_the_end_only() {
        let target: Target = "/source/namespaces/-".parse().unwrap();
        assert_eq!(
            (target.names.as_slice(), target.append),
            (&["source".to_owned(), "namespaces".to_owned()][..], true)
        );
        assert!("/when/-".parse::<Target>().unwrap().is_conditions());
        assert!(!"/source/when/-".parse::<Target>().unwrap().is_conditions());
        for wrong in ["", "when", "/", "/a//b", "/a/-/b"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn key_patterns_tell_well_formed_keys_from_malformed_ones() {
        let check = |pattern: &str, key: &str, expected: bool| {
            assert_eq!(pattern.parse::<KeyPattern>().unwrap().fits(key), expected, "{pattern} on {key}");
        };
        check("request.headers[*]", "request.headers[x-id]", true);
        check("request.headers[*]", "request.headers[]", false);
        check("request.headers[*]", "request.headers", false);
        check("request.headers[*]", "request.headers[a][b]", false);
        check("request.headers[*]", "request.headersx[a]", false);
        check("request.headers**", "request.headers", true);
        check("request.headers**", "request.headers[a][b]", true);
        check("experimental.envoy.filters.*[*]", "experimental.envoy.filters.network.mysql_proxy[db.table]", true);
        check("experimental.envoy.filters.*[*]", "experimental.envoy.filters.[db]", false);
        check("source.ip", "source.ip", true);
        check("source.ip", "source.ipx", false);
        check("**", "", true);
        check("a*c", "abbc", true);
        check("a*é", "aßé", true);
    }
}
