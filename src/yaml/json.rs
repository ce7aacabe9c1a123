//! JSON files stay JSON, with their own indentation.

use super::{Replacement, quote, value_of};
use serde::Serialize;
use serde_json::{Value, json};

/// True when the text is one JSON object, not merely YAML in flow style.
pub(super) fn is_json(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// What takes the place of a JSON document that is a whole file.
pub(super) fn document(old: &str, change: &Replacement) -> String {
    let style = Style::of(old);
    let objects: &[_] = match change {
        Replacement::Objects(trees) => trees,
        Replacement::Comment(_) => &[],
    };
    match objects {
        [only] => style.write(&value_of(only), ""),
        several => {
            let items: Vec<Value> = several.iter().map(value_of).collect();
            style.write(&json!({"apiVersion": "v1", "kind": "List", "items": items}), "")
        }
    }
}

/// How JSON text is laid out.
pub(super) enum Style {
    /// On one line.
    Compact,
    /// One level is indented by this.
    Pretty(String),
}

impl Style {
    /// The layout of a text. Flow style YAML that is no JSON gets its objects on one line.
    pub fn of(text: &str) -> Style {
        let indented = || text.lines().skip(1).find(|line| line.starts_with([' ', '\t']));
        match indented() {
            Some(line) if is_json(text) => {
                Style::Pretty(line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect())
            }
            _ => Style::Compact,
        }
    }

    /// A value whose first line is already indented by `lead`.
    fn write(&self, value: &Value, lead: &str) -> String {
        let Style::Pretty(unit) = self else { return quote::json(value) };
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        let written = value.serialize(&mut serializer).ok().and_then(|()| String::from_utf8(bytes).ok());
        // A value always has a JSON form; on one line it is as good.
        let text = written.map_or_else(|| quote::json(value), |text| quote::escape_json(&text));
        if lead.is_empty() { text } else { text.replace('\n', &format!("\n{lead}")) }
    }

    /// List items, separated by commas. `lead` is what stands before the first one on its line.
    pub fn items(&self, values: &[Value], lead: &str) -> String {
        let blank: String = lead.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect();
        let own_line = matches!(self, Style::Pretty(_)) && blank.len() == lead.len();
        let separator = if own_line { format!(",\n{blank}") } else { ", ".to_owned() };
        values.iter().map(|value| self.write(value, &blank)).collect::<Vec<_>>().join(&separator)
    }
}
