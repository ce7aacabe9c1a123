//! Conditions on headers that meant something else than they read: the header `host`, and paths with a fragment
//! (`meaning/rbac.md` C1, C8).

use crate::api::security::Condition;
use crate::convert::Context;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::Version;

/// Looks at the conditions of an access rule or a subject. True when ONE of them never held; it is taken out then.
pub fn settle(when: &mut Vec<Condition>, context: Context<'_>) -> (bool, Vec<Finding>) {
    let mut findings = Vec::new();
    let allowed = context.options.allow.contains(&codes::HOST_HEADER_NEVER_MATCHED);
    let mut never = false;
    when.retain_mut(|condition| {
        if !is_host(&condition.key) {
            return true;
        }
        findings.push(host_finding(condition, allowed));
        if allowed {
            condition.key = "request.headers[:authority]".to_owned();
        } else {
            never = true;
        }
        allowed
    });
    if cuts_fragments(context.mesh.settings.target) {
        findings.extend(when.iter().filter(|condition| condition.key == "request.headers[:path]").flat_map(fragments));
    }
    (never, findings)
}

fn is_host(key: &str) -> bool {
    let name = key.strip_prefix("request.headers[").and_then(|rest| rest.strip_suffix(']'));
    name.is_some_and(|name| name.eq_ignore_ascii_case("host"))
}

fn host_finding(condition: &Condition, allowed: bool) -> Finding {
    let (key, values) = (&condition.key, condition.field.values.join(", "));
    match allowed {
        false => Finding::new(
            codes::HOST_HEADER_NEVER_MATCHED,
            format!(
                "`{key}: [{values}]` never matched in old Istio, so what it stands in granted nothing and is left out."
            ),
        ),
        true => Finding::new(
            codes::HOST_HEADER_NEVER_MATCHED,
            format!("`{key}: [{values}]` never matched in old Istio; as `request.headers[:authority]` it grants now."),
        )
        .direction(Direction::Wider),
    }
}

/// What is lost with a fragment: a grant by a positive pattern, an exclusion by a negated one.
fn fragments(condition: &Condition) -> Vec<Finding> {
    let with_fragment = |values: &[String]| {
        let found: Vec<&str> = values.iter().map(String::as_str).filter(|value| value.contains('#')).collect();
        (!found.is_empty()).then(|| found.join(", "))
    };
    let positive = with_fragment(&condition.field.values).map(|paths| {
        Finding::new(
            codes::FRAGMENT_IN_PATH,
            format!("The path `{paths}` matches no request any more: it has a fragment."),
        )
    });
    let negated = with_fragment(&condition.field.not).map(|paths| {
        let message = format!("The path `{paths}` excludes no request any more: it has a fragment.");
        Finding::new(codes::FRAGMENT_IN_PATH, message).severity(Severity::Error).direction(Direction::Wider)
    });
    positive.into_iter().chain(negated).collect()
}

/// Releases whose proxies cut fragments off (ISTIO-SECURITY-2021-008).
fn cuts_fragments(target: Version) -> bool {
    let mended = [Version::patch(9, 8), Version::patch(10, 4), Version::patch(11, 1)];
    target.at_least(12) || mended.into_iter().any(|version| version.minor == target.minor && target >= version)
}
