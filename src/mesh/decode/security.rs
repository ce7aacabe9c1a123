//! PeerAuthentication, RequestAuthentication and AuthorizationPolicy of `security.istio.io`, version v1 or v1beta1
//! (`meaning/authn.md` §3.2 and §3.5, `meaning/rbac.md` §4).

use super::node::Node;
use super::problems::Problems;
use crate::api::security::{
    Action, AuthorizationPolicy, Condition, Field, JwtHeader, JwtRule, MtlsMode, Operation, PeerAuthentication,
    PolicyRule, RequestAuthentication, Source,
};
use crate::api::{Labels, Meta};
use crate::finding::ObjectRef;
use std::collections::BTreeMap;

/// The annotation of a policy that is evaluated and logged, but not enforced.
const DRY_RUN: &str = "istio.io/dry-run";

/// A PeerAuthentication.
pub(super) fn peer(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> PeerAuthentication {
    PeerAuthentication {
        meta,
        selector: selector(spec, problems),
        mode: spec.message("mtls", problems).and_then(|mtls| mode(&mtls, problems)),
        ports: port_modes(spec, problems),
    }
}

fn selector(spec: &Node<'_>, problems: &mut Problems) -> Labels {
    spec.message("selector", problems).map(|selector| selector.labels("matchLabels", problems)).unwrap_or_default()
}

fn mode(mtls: &Node<'_>, problems: &mut Problems) -> Option<MtlsMode> {
    match mtls.choice("mode", &["UNSET", "DISABLE", "PERMISSIVE", "STRICT"], problems) {
        1 => Some(MtlsMode::Disable),
        2 => Some(MtlsMode::Permissive),
        3 => Some(MtlsMode::Strict),
        _ => None,
    }
}

fn port_modes(spec: &Node<'_>, problems: &mut Problems) -> BTreeMap<u16, Option<MtlsMode>> {
    let mut modes = BTreeMap::new();
    let Some(ports) = spec.message("portLevelMtls", problems) else { return modes };
    for key in ports.value().as_object().into_iter().flat_map(|map| map.keys()) {
        let Some(entry) = ports.raw_key(key) else { continue };
        match key.parse::<u16>() {
            Ok(port) if port != 0 => {
                let set = if entry.value().is_null() || entry.map(problems).is_none() {
                    None
                } else {
                    mode(&entry, problems)
                };
                modes.insert(port, set);
            }
            _ => problems.invalid(entry.place(), format!("`{key}` is no port: ports go from 1 to 65535.")),
        }
    }
    modes
}

/// A RequestAuthentication.
pub(super) fn request(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> RequestAuthentication {
    let rules = spec.messages("jwtRules", problems);
    RequestAuthentication {
        selector: selector(spec, problems),
        target_refs: has_target_refs(spec),
        attached_to: attached_to(spec, &meta.namespace, problems),
        meta,
        rules: rules.iter().map(|rule| jwt_rule(rule, problems)).collect(),
    }
}

fn has_target_refs(spec: &Node<'_>) -> bool {
    spec.field("targetRef").is_some() || spec.field("targetRefs").is_some()
}

/// The objects that `targetRef` or `targetRefs` name; without a namespace they are in the policy's.
fn attached_to(spec: &Node<'_>, own: &str, problems: &mut Problems) -> Vec<ObjectRef> {
    let references = spec.message("targetRef", problems).into_iter().chain(spec.messages("targetRefs", problems));
    let references: Vec<Node<'_>> = references.collect();
    let target = |reference: &Node<'_>, problems: &mut Problems| {
        let namespace = reference.text("namespace", problems);
        let namespace = if namespace.is_empty() { own.to_owned() } else { namespace };
        ObjectRef::new(reference.text("kind", problems), namespace, reference.text("name", problems))
    };
    references.iter().map(|reference| target(reference, problems)).collect()
}

fn jwt_rule(rule: &Node<'_>, problems: &mut Problems) -> JwtRule {
    refuse_unmodelled(rule, &["fromCookies", "presence"], problems);
    let headers = rule.messages("fromHeaders", problems);
    JwtRule {
        place: Some(rule.place()),
        issuer: rule.text("issuer", problems),
        audiences: rule.texts("audiences", problems),
        jwks: rule.field("jwks").and_then(|node| node.as_text(problems)).map(str::to_owned),
        jwks_uri: rule.field("jwksUri").and_then(|node| node.as_text(problems)).map(str::to_owned),
        from_headers: headers
            .iter()
            .map(|header| JwtHeader { name: header.text("name", problems), prefix: header.text("prefix", problems) })
            .collect(),
        from_params: rule.texts("fromParams", problems),
        forward_original_token: rule.boolean("forwardOriginalToken", problems),
        space_delimited_claims: rule.texts("spaceDelimitedClaims", problems),
    }
}

/// Reports fields that change access and that [`crate::api::security`] has no room for.
fn refuse_unmodelled(node: &Node<'_>, fields: &[&str], problems: &mut Problems) {
    for found in fields.iter().filter_map(|field| node.field(field)) {
        let message = format!("meshlift does not know what `{}` does to access.", found.path());
        problems.undecodable(found.place(), message);
    }
}

/// An AuthorizationPolicy.
pub(super) fn authorization(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> AuthorizationPolicy {
    // A null rule is skipped by Istio (`meaning/rbac.md` §4.3).
    let mut rules = spec.nullable_messages("rules", problems);
    rules.retain(|rule| !rule.value().is_null());
    AuthorizationPolicy {
        dry_run: meta.annotations.get(DRY_RUN).is_some_and(|value| is_true(value)),
        selector: selector(spec, problems),
        target_refs: has_target_refs(spec),
        attached_to: attached_to(spec, &meta.namespace, problems),
        action: action(spec, problems),
        rules: rules.iter().map(|rule| policy_rule(rule, problems)).collect(),
        meta,
    }
}

/// What Go's `strconv.ParseBool` takes for true (`meaning/rbac.md` C2); the policy is enforced with anything else.
fn is_true(text: &str) -> bool {
    ["1", "t", "T", "TRUE", "true", "True"].contains(&text)
}

fn action(spec: &Node<'_>, problems: &mut Problems) -> Action {
    match spec.choice("action", &["ALLOW", "DENY", "AUDIT", "CUSTOM"], problems) {
        1 => Action::Deny,
        2 => Action::Audit,
        3 => {
            let provider = spec.message("provider", problems);
            Action::Custom(provider.map(|provider| provider.text("name", problems)).unwrap_or_default())
        }
        _ => Action::Allow,
    }
}

fn policy_rule(rule: &Node<'_>, problems: &mut Problems) -> PolicyRule {
    let from = rule.messages("from", problems);
    let to = rule.messages("to", problems);
    let when = rule.messages("when", problems);
    PolicyRule {
        place: rule.place(),
        from: from.iter().map(|entry| source(entry, problems)).collect(),
        to: to.iter().map(|entry| operation(entry, problems)).collect(),
        when: when.iter().map(|condition| when_condition(condition, problems)).collect(),
    }
}

/// An entry of `when`. One that names no values is refused at admission; where it gets in all the same, current releases
/// leave it out, and the rule matches what it was to exclude (`meaning/rbac.md` C5).
fn when_condition(node: &Node<'_>, problems: &mut Problems) -> Condition {
    let condition = Condition { key: node.text("key", problems), field: field(node, "values", "notValues", problems) };
    if condition.field.is_empty() {
        problems.invalid(
            node.place(),
            format!(
                "The condition on `{}` names neither `values` nor `notValues`: Istio refuses such a policy, or ignores the condition.",
                condition.key
            ),
        );
    }
    condition
}

/// An entry of `from`; one without `source` allows any (current releases).
fn source(entry: &Node<'_>, problems: &mut Problems) -> Source {
    let Some(node) = entry.message("source", problems) else { return Source::default() };
    Source {
        principals: field(&node, "principals", "notPrincipals", problems),
        request_principals: field(&node, "requestPrincipals", "notRequestPrincipals", problems),
        namespaces: field(&node, "namespaces", "notNamespaces", problems),
        ip_blocks: field(&node, "ipBlocks", "notIpBlocks", problems),
        remote_ip_blocks: field(&node, "remoteIpBlocks", "notRemoteIpBlocks", problems),
        service_accounts: field(&node, "serviceAccounts", "notServiceAccounts", problems),
        trust_domains: field(&node, "trustDomains", "notTrustDomains", problems),
    }
}

/// An entry of `to`; one without `operation` allows any (current releases).
fn operation(entry: &Node<'_>, problems: &mut Problems) -> Operation {
    let Some(node) = entry.message("operation", problems) else { return Operation::default() };
    Operation {
        hosts: field(&node, "hosts", "notHosts", problems),
        ports: field(&node, "ports", "notPorts", problems),
        methods: field(&node, "methods", "notMethods", problems),
        paths: field(&node, "paths", "notPaths", problems),
    }
}

fn field(node: &Node<'_>, positive: &str, negative: &str, problems: &mut Problems) -> Field {
    Field { values: node.texts(positive, problems), not: node.texts(negative, problems) }
}
