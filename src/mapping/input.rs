//! A legacy object as the mapping files see it: one spelling per field, and what a selector finds in it.

use super::selector::{Part, escape};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields whose keys belong to the user, not to the API.
pub const USER_KEYED: [&str; 4] = ["properties", "labels", "annotations", "matchLabels"];

/// `roleRef` is spelt so in the protobuf message, so its JSON has no second spelling (`meaning/rbac.md` §1.1, E46).
const NO_ALIAS: &str = "role_ref";

/// A legacy object whose `spec` has lowerCamelCase field names only. proto3 JSON takes the snake_case spelling too; where
/// both stand side by side the camelCase one wins and the other is left as it is, for coverage to find.
#[derive(Debug)]
pub struct Input {
    /// The object.
    pub value: Value,
    /// Pointers into `value` to pointers into the manifest as written, where they differ.
    written: BTreeMap<String, String>,
}

/// A value that a selector found.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// Pointer into [`Input::value`].
    pub pointer: String,
    /// The value.
    pub value: &'a Value,
}

impl Input {
    /// Reads an object.
    pub fn read(object: &Value) -> Input {
        let mut input = Input { value: object.clone(), written: BTreeMap::new() };
        if let Some(spec) = object.get("spec") {
            let camel = input.camel(spec, "/spec", "/spec");
            if let Some(slot) = input.value.get_mut("spec") {
                *slot = camel;
            }
        }
        input
    }

    /// The whole object as a match.
    pub fn root(&self) -> Match<'_> {
        Match { pointer: String::new(), value: &self.value }
    }

    /// The pointer into the manifest as written.
    pub fn written<'a>(&'a self, pointer: &'a str) -> &'a str {
        self.written.get(pointer).map_or(pointer, String::as_str)
    }

    fn camel(&mut self, value: &Value, pointer: &str, written: &str) -> Value {
        if pointer != written {
            self.written.insert(pointer.to_owned(), written.to_owned());
        }
        match value {
            Value::Object(map) => {
                let mut result = Map::new();
                for (key, value) in map {
                    let name = match camel_case(key) {
                        Some(name) if !map.contains_key(&name) => name,
                        _ => key.clone(),
                    };
                    let (pointer, written) = (child(pointer, &name), child(written, key));
                    let value = match USER_KEYED.contains(&name.as_str()) {
                        true => self.verbatim(value, &pointer, &written),
                        false => self.camel(value, &pointer, &written),
                    };
                    result.insert(name, value);
                }
                Value::Object(result)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(i, v)| self.camel(v, &format!("{pointer}/{i}"), &format!("{written}/{i}"))).collect()
            }
            scalar => scalar.clone(),
        }
    }

    /// A subtree that keeps its keys, though an ancestor may have been renamed.
    fn verbatim(&mut self, value: &Value, pointer: &str, written: &str) -> Value {
        if pointer != written {
            self.written.insert(pointer.to_owned(), written.to_owned());
            for (key, value) in children(value) {
                self.verbatim(value, &child(pointer, &key), &child(written, &key));
            }
        }
        value.clone()
    }
}

/// Pointer to an entry.
pub fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escape(key))
}

/// Entries of a map and items of a list, with their keys.
pub fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => Vec::new(),
    }
}

/// `not_hosts` to `notHosts`; `None` for what is no snake_case spelling of a field.
pub fn camel_case(key: &str) -> Option<String> {
    if key == NO_ALIAS {
        return None;
    }
    let (first, rest) = key.split_once('_')?;
    let mut name = first.to_owned();
    for word in rest.split('_') {
        let mut letters = word.chars();
        name.push(letters.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase());
        name.push_str(letters.as_str());
    }
    (!first.is_empty()).then_some(name)
}

/// What a path finds below `at`, in source order. Jsonpath-rust parsed the selectors; they are walked here because the
/// pointers are needed, and names and wildcards are all there is to walk.
pub fn select<'a>(path: &[Part], at: &Match<'a>) -> Vec<Match<'a>> {
    let mut found = vec![at.clone()];
    for part in path {
        found = found.into_iter().flat_map(|at| step(part, &at)).collect();
    }
    found
}

fn step<'a>(part: &Part, at: &Match<'a>) -> Vec<Match<'a>> {
    let to = |key: &str, value| Match { pointer: child(&at.pointer, key), value };
    match part {
        Part::Name(name) => at.value.get(name).map(|value| to(name, value)).into_iter().collect(),
        Part::Any => children(at.value).into_iter().map(|(key, value)| to(&key, value)).collect(),
    }
}

/// Like [`select`], without the fields that are absent in the sense of proto3: null, an empty text, an empty list.
/// The items of a list are never absent.
pub fn present<'a>(path: &[Part], at: &Match<'a>) -> Vec<Match<'a>> {
    let mut found = select(path, at);
    if matches!(path.last(), Some(Part::Name(_))) {
        found.retain(|found| !is_absent(found.value));
    }
    found
}

/// True for what proto3 reads as an unset field.
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::selector::Selector;
    use super::*;
    use serde_json::json;

    fn pointers(object: &Value, selector: &str) -> Vec<String> {
        let input = Input::read(object);
        select(selector.parse::<Selector>().unwrap().parts(), &input.root())
            .iter()
            .map(|m| input.written(&m.pointer).to_owned())
            .collect()
    }

    #[test]
    fn e16_both_spellings_are_one_field_and_keep_their_place() {
        let object = json!({"spec": {"rules": [{"not_hosts": ["a"]}, {"notHosts": ["b"]}]}});
        assert_eq!(
            pointers(&object, "$.spec.rules[*].notHosts[*]"),
            ["/spec/rules/0/not_hosts/0", "/spec/rules/1/notHosts/0"]
        );
    }

    #[test]
    fn camel_case_wins_over_its_other_spelling() {
        let input = Input::read(&json!({"spec": {"not_hosts": ["a"], "notHosts": ["b"]}}));
        assert_eq!(input.value, json!({"spec": {"not_hosts": ["a"], "notHosts": ["b"]}}));
    }

    #[test]
    fn user_keyed_maps_keep_their_keys() {
        let object = json!({"spec": {"x_y": {"properties": {"a_b": "1"}}, "labels": {"c_d": "2"}}});
        let input = Input::read(&object);
        assert_eq!(input.value, json!({"spec": {"xY": {"properties": {"a_b": "1"}}, "labels": {"c_d": "2"}}}));
        assert_eq!(input.written("/spec/xY/properties/a_b"), "/spec/x_y/properties/a_b");
    }

    #[test]
    fn e46_role_ref_has_no_second_spelling() {
        assert_eq!(camel_case("role_ref"), None);
        assert_eq!(camel_case("jwks_uri").as_deref(), Some("jwksUri"));
        for other in ["plain", "_x", "x_", "x__y", "x_Y"] {
            assert_eq!(camel_case(other), None, "{other}");
        }
    }

    #[test]
    fn property_keys_with_slashes_are_escaped() {
        let object = json!({"spec": {"properties": {"a/b~c": "1"}}});
        let found = pointers(&object, "$.spec.properties[*]");
        assert_eq!(found, ["/spec/properties/a~1b~0c"]);
        assert_eq!(object.pointer(&found[0]), Some(&json!("1")));
    }
}
