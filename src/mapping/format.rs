//! The mapping file as it is written: the types that serde reads and that the JSON Schema is made from.
//!
//! Everything here is read by somebody: by the engine (`apply`), or by people (`meshlift mapping list` and `show`). What
//! the types cannot say (which fields there are, who reads them, one writer per target) is checked in `check`.

use super::selector::{KeyPattern, Selector, Target};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// The JSON Schema of mapping files (`meshlift schema mapping`).
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<MappingFile>().to_value()
}

/// A mapping file: what becomes of every field of one legacy kind, or of several with the same fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MappingFile {
    /// One line a person reads in `meshlift mapping list`.
    pub title: String,
    /// The legacy kinds.
    pub from: KindsText,
    /// Where the legacy API is documented.
    pub reference: Option<String>,
    /// What becomes of the fields that are a matter of writing them elsewhere.
    #[serde(default)]
    pub rules: Vec<RuleText>,
    /// The fields that need more than a table: Rust reads them from the object. Each is named here or in a rule.
    #[serde(default)]
    pub handled_in_rust: Vec<Selector>,
}

/// Kinds of objects that share one mapping.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindsText {
    /// For example `rbac.istio.io/v1alpha1`.
    pub api_version: String,
    /// For example `[ServiceRole]`.
    pub kinds: Vec<String>,
}

/// One decision. As in proto3, a field that is null, an empty text or an empty list is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleText {
    /// Copies a value.
    Copy(CopyText),
    /// Makes each entry with such a key a condition.
    Entries(EntriesText),
    /// Writes a constant.
    Set(SetText),
    /// Has no safe equivalent: an object with this field is left as it is and the reason reported, as an error. A refusal
    /// may stand beside another rule for the same field.
    Refuse(RefuseText),
    /// Never had an effect: left out, and noted. Only for fields that Rust does not read either.
    Drop(DropText),
}

/// Copies a value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyText {
    /// What to copy. `[*]` at the end copies each item of a list.
    pub from: Selector,
    /// Used in place of `from` when that is absent. Both present is an error: Istio's validation excluded it.
    pub or: Option<Selector>,
    /// Where to.
    pub to: Target,
    /// What an empty text becomes. Without it an empty text is refused, for the new API does not take it.
    pub empty: Option<String>,
    /// How the value is written; as it is, unless this says otherwise.
    #[serde(rename = "as")]
    pub form: Option<FormText>,
    /// Makes the values a condition with this key: `{key, values}`. Needs the target `/when/-`.
    pub key: Option<String>,
    /// The usual form differs from the old meaning in this accepted way; `exact` names the form that does not.
    pub relaxation: Option<RelaxationText>,
    /// The key of the condition that says exactly the same: used with `--strict`, and for values that the usual form cannot
    /// carry at all.
    pub exact: Option<String>,
}

/// Entries whose key fits a pattern become conditions `{key, values}`. A rule with a key in full wins over one with a
/// pattern. Where a key stands twice in a list, the last one counts, as it did in Istio since 1.2.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntriesText {
    /// The map, or the list of `{key, values}`.
    pub of: Selector,
    /// A family of keys that Istio knew (`*` is one or more characters other than brackets), or one key in full.
    pub matching: KeyPattern,
    /// Where to: `/when/-`.
    pub to: Target,
    /// The key of the condition, when it is another than the entry's.
    pub key: Option<String>,
    /// What an empty value becomes. Without it an empty value is refused.
    pub empty: Option<String>,
    /// A value that was always true: an entry holding it makes no condition.
    pub always: Option<String>,
    /// For a key that Istio did not know and your mesh did: the key of Istio that meant the same. The conversion does not
    /// look at it; the proof reads the old object with this key, so that it can contradict `key`.
    pub legacy: Option<String>,
}

/// A constant, written into every item.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetText {
    /// The constant.
    pub value: Value,
    /// Where to.
    pub to: Target,
}

/// A refusal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseText {
    /// The field, with everything in it; or the entries with a key: `$.spec.rules[*].constraints['request.headers[x-id]']`.
    pub at: Selector,
    /// The finding's code, one that `meshlift explain` knows; `refused-by-mapping` unless this says otherwise.
    pub code: Option<String>,
    /// Why there is no safe equivalent: the rest of a sentence that starts with the field's name.
    pub because: String,
}

/// A drop.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropText {
    /// The field, or the constraints with a key that Istio did not know.
    pub at: Selector,
    /// Why it never had an effect: the rest of a sentence.
    pub because: String,
}

/// How a copied value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormText {
    /// A whole number as text: the new API takes ports as text.
    Text,
    /// An object that holds the text as its `name`.
    Name,
}

/// An accepted difference (`inside/design.md` §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RelaxationText {
    /// `paths` ignores the query string.
    QueryString,
    /// `hosts` ignores upper and lower case.
    HostCase,
}

/// The schema of one of the small languages: text with a pattern.
macro_rules! text_schema {
    ($($kind:ty, $name:literal, $about:literal, $pattern:literal;)*) => { $(
        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "description": $about, "pattern": $pattern})
            }
        }
    )* };
}
text_schema! {
    Selector, "Selector", "A JSONPath from the root of the object, made of names and wildcards only.",
        r#"^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\.\*|\[\*\]|\['[^']+'\]|\["[^"]+"\])*$"#;
    Target, "Target", "A JSON pointer into what is made of one item; `-` at the end appends to a list.",
        r"^(/([^/~]|~[01])+)+$";
    KeyPattern, "KeyPattern", "A pattern over keys: `*` is one or more characters other than brackets, `**` is any text.",
        r"^.+$";
}
