//! New objects as somebody would say them, for unit tests: one line per object, token and rule. How they look as YAML is
//! what the golden cases show.
//!
//! ```text
//! {app: web} STRICT, 90 DISABLE
//! {app: web} token of a: jwksUri=https://a/keys, forwarded
//! {app: web} DENY 8080 /admin/* but not /admin/status unless iss=a; preflights free
//! {app: web} ALLOW 8080 GET from cluster.local/ns/a/sa/x or namespaces=b if request.headers[x-env]=prod
//! ```
//!
//! Nothing is left out: what has no words here is appended as it is.

use super::NewKind;
use crate::yaml::{Tree, emit};
use serde_json::{Map, Value, json};

/// What an object demands. More than one token or rule stand on lines of their own, indented.
pub(super) fn said(kind: NewKind, spec: &Tree, comment: &[String]) -> String {
    let yaml = emit(spec);
    let mut fields: Map<String, Value> = serde_yaml::from_str(&yaml).expect("a spec is YAML");
    let selector = selector(&mut fields);
    let (head, lines) = match kind {
        NewKind::Peer => (mode(&mut fields), Vec::new()),
        NewKind::Request => (String::new(), tokens(&mut fields)),
        NewKind::Authorization => rules(&mut fields),
    };
    let mut text = format!("{selector}{head}");
    match lines.as_slice() {
        [only] => text += only,
        lines => {
            text.truncate(text.trim_end().len());
            lines.iter().for_each(|line| text += &format!("\n  {line}"));
        }
    }
    if !fields.is_empty() {
        text += &format!(" + {}", Value::Object(fields));
    }
    let preflights = text.contains(PREFLIGHTS);
    for line in comment.iter().map(String::as_str).filter(|line| !(preflights && is_about_preflights(line))) {
        text += &format!("\n  # {line}");
    }
    if preflights && !comment.iter().any(|line| is_about_preflights(line)) {
        text += "\n  (without a comment about preflights)";
    }
    // Comments that were carried stand on lines of their own, or behind what they are about.
    let note = |line: &str| {
        let note = line.strip_prefix('#').or_else(|| line.split_once(" #").map(|(_, note)| note));
        note.map(|note| format!("#{note}"))
    };
    let notes = yaml.lines().map(str::trim_start).filter_map(note);
    notes.for_each(|note| text += &format!("\n  {note}"));
    text.trim_end().to_owned()
}

const PREFLIGHTS: &str = "; preflights free";

fn is_about_preflights(line: &str) -> bool {
    line.starts_with("CORS preflight requests need no token")
        || line.starts_with("for requests that are not OPTIONS")
        || line.starts_with("and that have no Access-Control-Request-Method")
}

/// `{app: web} `, with a space behind it; nothing where every pod is meant.
fn selector(fields: &mut Map<String, Value>) -> String {
    let Some(Value::Object(mut selector)) = fields.remove("selector") else { return String::new() };
    let Some(Value::Object(labels)) = selector.remove("matchLabels") else { return format!("{selector:?} ") };
    assert!(selector.is_empty(), "a selector of labels and {selector:?}");
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect();
    format!("{{{}}} ", labels.join(", "))
}

/// "STRICT, 8080 DISABLE"
fn mode(fields: &mut Map<String, Value>) -> String {
    let mode_of = |value: &Value| match value.as_object() {
        Some(mtls) if mtls.len() == 1 && mtls.contains_key("mode") => plain(&mtls["mode"]),
        _ => value.to_string(),
    };
    let whole = fields.remove("mtls").map(|mtls| mode_of(&mtls));
    let ports = fields.remove("portLevelMtls").unwrap_or_default();
    let ports = ports.as_object().into_iter().flatten().map(|(port, mtls)| format!("{port} {}", mode_of(mtls)));
    whole.into_iter().chain(ports).collect::<Vec<_>>().join(", ")
}

/// "token of a: jwksUri=https://a/keys, forwarded"
fn tokens(fields: &mut Map<String, Value>) -> Vec<String> {
    let Some(Value::Array(rules)) = fields.remove("jwtRules") else { return Vec::new() };
    let token = |rule: &Value| {
        let fields = rule.as_object().into_iter().flatten().filter(|(key, _)| *key != "issuer");
        let words = fields.map(|(key, value)| match (key.as_str(), value) {
            ("forwardOriginalToken", Value::Bool(true)) => "forwarded".to_owned(),
            (key, value) => format!("{key}={}", list(value)),
        });
        format!("token of {}: {}", plain(&rule["issuer"]), words.collect::<Vec<_>>().join(", "))
    };
    rules.iter().map(token).collect()
}

/// "DENY " and the rules; three that differ in what makes a request a CORS preflight are one.
fn rules(fields: &mut Map<String, Value>) -> (String, Vec<String>) {
    let action = fields.remove("action").map(|action| plain(&action));
    let Some(rules) = fields.remove("rules") else {
        let nothing = if fields.is_empty() && action.is_none() {
            "ALLOW nothing".to_owned()
        } else {
            format!("{action:?} without rules")
        };
        return (nothing, Vec::new());
    };
    let rules = rules.as_array().cloned().unwrap_or_default();
    let mut lines = Vec::new();
    let mut rest = rules.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let spared = others.first_chunk().and_then(|[second, third]| sparing_preflights(first, second, third));
        match spared {
            Some(rule) => {
                lines.push(self::rule(&rule) + PREFLIGHTS);
                rest = &others[2..];
            }
            None => {
                lines.push(self::rule(first));
                rest = others;
            }
        }
    }
    (format!("{} ", action.unwrap_or_else(|| "(no action)".to_owned())), lines)
}

/// The rule that three rules are which let every CORS preflight pass.
fn sparing_preflights(first: &Value, second: &Value, third: &Value) -> Option<Value> {
    let mut rule = first.clone();
    let [to] = rule.get_mut("to")?.as_array_mut()?.as_mut_slice() else { return None };
    let not_options = to.get_mut("operation")?.as_object_mut()?.remove("notMethods")?;
    let without = |header: &str| {
        let mut rule = rule.clone();
        let lacks = json!({"key": format!("request.headers[{header}]"), "notValues": ["*"]});
        match rule.get_mut("when").and_then(Value::as_array_mut) {
            Some(when) => when.push(lacks),
            None => rule["when"] = json!([lacks]),
        }
        rule
    };
    let is_split = not_options == json!(["OPTIONS"])
        && *second == without("origin")
        && *third == without("access-control-request-method");
    is_split.then_some(rule)
}

/// "8080 GET /a but not /b from x or namespaces=y if k=v unless l=w"; "everything" for a rule without operation.
fn rule(rule: &Value) -> String {
    let mut rule = rule.as_object().cloned().unwrap_or_default();
    let mut items = |key: &str, inside: &str, say: fn(&str, &Value) -> String| {
        let items = rule.remove(key).unwrap_or_default();
        let items = items.as_array().cloned().unwrap_or_default();
        let say = |item: &Value| {
            let fields = item.get(inside).and_then(Value::as_object).into_iter().flatten();
            let (not, is): (Vec<_>, Vec<_>) = fields.partition(|(field, _)| field.starts_with("not"));
            is.into_iter().chain(not).map(|(field, values)| say(field, values)).collect::<Vec<_>>().join(" ")
        };
        items.iter().map(say).collect::<Vec<_>>().join(" or ")
    };
    let (to, from) = (items("to", "operation", operation), items("from", "source", source));
    let mut text = if to.is_empty() || to.starts_with("but not") { format!("everything {to}") } else { to };
    text.truncate(text.trim_end().len());
    if !from.is_empty() {
        text += &format!(" from {from}");
    }
    for condition in rule.remove("when").unwrap_or_default().as_array().into_iter().flatten() {
        let key = match plain(&condition["key"]).as_str() {
            "request.auth.claims[iss]" => "iss".to_owned(),
            "request.auth.claims[aud]" => "aud".to_owned(),
            other => other.to_owned(),
        };
        for (word, values) in [("if", "values"), ("unless", "notValues")] {
            if let Some(values) = condition.get(values) {
                text += &format!(" {word} {key}={}", list(values));
            }
        }
    }
    if rule.is_empty() { text } else { format!("{text} + {}", Value::Object(rule)) }
}

/// Ports, methods in capitals and paths speak for themselves.
fn operation(field: &str, values: &Value) -> String {
    let all =
        |test: fn(&str) -> bool| values.as_array().into_iter().flatten().all(|value| value.as_str().is_some_and(test));
    let bare = match field.trim_start_matches("not").to_lowercase().as_str() {
        "ports" => all(|port| port.parse::<u16>().is_ok()),
        "methods" => all(|method| method.bytes().all(|byte| byte.is_ascii_uppercase())),
        "paths" => all(|path| path.starts_with(['/', '*'])),
        _ => false,
    };
    match (bare, field.starts_with("not")) {
        (true, false) => list(values),
        (true, true) => format!("but not {}", list(values)),
        (false, _) => format!("{field}={}", list(values)),
    }
}

fn source(field: &str, values: &Value) -> String {
    if field == "principals" { list(values) } else { format!("{field}={}", list(values)) }
}

/// Texts of a list with commas; anything else as JSON.
fn list(value: &Value) -> String {
    let texts = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    texts.map_or_else(|| plain(value), |texts| texts.join(","))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(list: Value) -> Vec<String> {
        let Value::Object(mut fields) = json!({"action": "DENY", "rules": list}) else { return Vec::new() };
        rules(&mut fields).1
    }

    #[test]
    fn only_the_whole_exemption_of_preflights_is_said_in_a_word() {
        let lacks = |header: &str| json!([{"key": format!("request.headers[{header}]"), "notValues": ["*"]}]);
        let split = |header: &str| {
            json!([
                {"to": [{"operation": {"ports": ["80"], "notMethods": ["OPTIONS"]}}]},
                {"to": [{"operation": {"ports": ["80"]}}], "when": lacks("origin")},
                {"to": [{"operation": {"ports": ["80"]}}], "when": lacks(header)},
            ])
        };
        assert_eq!(rules_of(split("access-control-request-method")), ["80; preflights free"]);
        let spoiled = rules_of(split("access-control-request-methods"));
        assert_eq!(spoiled.len(), 3);
        assert_eq!(spoiled.first().map(String::as_str), Some("80 but not OPTIONS"));
        let two = json!([split("access-control-request-method")[0], split("access-control-request-method")[1]]);
        assert_eq!(rules_of(two).len(), 2);
    }

    #[test]
    fn what_has_no_words_is_shown_as_it_is() {
        let rule = json!([{"to": [{"operation": {"hosts": ["a"], "notPaths": ["/b"], "methods": ["*"]}}], "until": 5}]);
        assert_eq!(rules_of(rule), [r#"hosts=a methods=* but not /b + {"until":5}"#]);
        let rule = json!([{"from": [{"source": {"principals": ["x"], "notIpBlocks": ["::/0"]}}], "when": [{"key": "k", "values": ["v", "w"]}]}]);
        assert_eq!(rules_of(rule), ["everything from x notIpBlocks=::/0 if k=v,w"]);
    }
}
