//! AuthorizationPolicies that ztunnel reads otherwise than a sidecar (`meaning/surroundings.md` 4.13 to 4.17): those about to
//! be written are refused, those that are there already are pointed out.

use super::{Context, Draft, NewKind, Part, plain};
use crate::api::core::Workload;
use crate::api::security::{Action, AuthorizationPolicy, Operation, PolicyRule, Source};
use crate::finding::catalogue::ambient as codes;
use crate::finding::{Code, Direction, Finding, Severity};
use crate::mesh::{self, BuildOptions, Input, Mesh, Version, selects};
use crate::yaml::{self, Stream, Tree};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Looks at every policy that reaches pods of an ambient mesh.
pub(super) fn check(context: Context<'_>, part: &mut Part) {
    let mesh = context.mesh;
    let pods: Vec<Workload> = mesh.subjects().into_iter().filter(|workload| mesh.is_ambient(workload)).collect();
    let asks = |name: &String| mesh.is_ambient_namespace(name);
    if pods.is_empty() && !mesh.namespaces.iter().any(|namespace| asks(&namespace.meta.name)) {
        return;
    }
    aliases(mesh, &pods, part);
    for draft in std::mem::take(&mut part.drafts) {
        let policy = (draft.kind == NewKind::Authorization).then(|| decoded(mesh, &draft)).flatten();
        for (code, message) in policy.iter().flat_map(|policy| remarks(mesh, policy, &pods)) {
            refuse(context, part, &draft, Finding::new(code, message));
        }
        part.drafts.push(draft);
    }
    for policy in mesh.authorization.iter().filter(|policy| !policy.target_refs && !policy.dry_run) {
        for (code, message) in remarks(mesh, policy, &pods) {
            // It is so today already: nothing is refused, and nothing gets lost.
            let finding = Finding::new(code, message).severity(Severity::Warning).direction(Direction::None);
            part.ledger.tell(finding.at(policy.meta.place.clone()).on(policy.meta.object()));
        }
    }
}

/// ztunnel knows no trust domain aliases (4.9).
fn aliases(mesh: &Mesh, pods: &[Workload], part: &mut Part) {
    let aliases = &mesh.settings.trust_domain_aliases;
    let (Some(first), false) = (pods.first(), aliases.is_empty()) else { return };
    let message =
        format!("ztunnel refuses client certificates of {}, and carries {}.", aliases.join(", "), first.meta.object());
    let finding = Finding::new(codes::TRUST_DOMAIN_ALIAS, message).at(first.meta.place.clone());
    part.ledger.tell(finding.on(first.meta.object()));
}

/// Refuses what a draft comes from, unless the user allowed the finding or it is only a warning.
fn refuse(context: Context<'_>, part: &mut Part, draft: &Draft, finding: Finding) {
    let Some(input) = draft.from.first().and_then(|first| context.manifests.get(first.0)) else { return };
    let finding = finding.at(input.manifest.place("")).on(input.object());
    if finding.refuses() {
        part.ledger.refuse(draft.from.iter().copied(), finding);
    } else {
        part.ledger.tell(finding);
    }
}

/// The draft as the object that it will be, read back from its text.
fn decoded(mesh: &Mesh, draft: &Draft) -> Option<AuthorizationPolicy> {
    let text = |text: &str| Tree::from(Value::from(text));
    let annotations = draft.annotations.iter().map(|(key, value)| plain(key, text(value))).collect();
    let metadata = Tree::Map(vec![
        plain("name", text(&draft.name)),
        plain("namespace", text(&draft.namespace)),
        plain("annotations", Tree::Map(annotations)),
    ]);
    let tree = Tree::Map(vec![
        plain("apiVersion", text("security.istio.io/v1")),
        plain("kind", text("AuthorizationPolicy")),
        plain("metadata", metadata),
        plain("spec", draft.spec.clone()),
    ]);
    let stream = Stream::parse("<draft>", Arc::from(yaml::emit(&tree)));
    let inputs = stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect();
    let options = BuildOptions { settings: mesh.settings.clone(), one_mesh: true, ..BuildOptions::default() };
    mesh::build(inputs, &options).environments.pop()?.mesh.authorization.pop()
}

/// What there is to say about a policy, by code.
fn remarks(mesh: &Mesh, policy: &AuthorizationPolicy, pods: &[Workload]) -> Vec<(Code, String)> {
    let Some(reached) = reached(mesh, policy, pods) else { return Vec::new() };
    let name = format!("{}/{}", policy.meta.namespace, policy.meta.name);
    let version = mesh.settings.target;
    let mut found = Vec::new();
    match &policy.action {
        Action::Custom(_) | Action::Audit => {
            let message =
                format!("{name} is neither ALLOW nor DENY, and is not sent to the ztunnel that carries {reached}.");
            found.push((codes::AMBIENT_ACTION, message));
        }
        // Before 1.29 a ztunnel that is sent dry runs enforces them.
        _ if policy.dry_run && !version.at_least(29) => {
            let message = format!(
                "{name} is a dry run, which the ztunnel of Istio {version} may enforce if it is sent to it; it carries {reached}."
            );
            found.push((codes::AMBIENT_ACTION, message));
        }
        _ if policy.dry_run => {}
        Action::Allow => {
            let fields = fields(policy.rules.iter(), version);
            if !fields.is_empty() {
                let message = format!(
                    "{name} uses {}; ztunnel drops such rules, and {reached} would refuse the callers they name.",
                    listed(&fields)
                );
                found.push((codes::AMBIENT_ALLOW_L7, message));
            } else if let Some(waypoint) = locked_out(mesh, policy, pods) {
                let message = format!(
                    "Requests through waypoint {waypoint} reach ztunnel with the waypoint's identity, which {name} does not admit to {reached}."
                );
                found.push((codes::AMBIENT_WAYPOINT_LOCKED_OUT, message));
            }
        }
        Action::Deny => {
            for (index, rule) in policy.rules.iter().enumerate() {
                let fields = fields([rule].into_iter(), version);
                if fields.is_empty() {
                    continue;
                }
                let (number, used) = (index + 1, listed(&fields));
                found.push(if is_off(rule, version) {
                    let message = format!(
                        "ztunnel never enforces rule {number} of {name}, because nothing but {used} stands in one of its parts; {reached} would take what it denied."
                    );
                    (codes::AMBIENT_DENY_OFF, message)
                } else {
                    let message = format!(
                        "ztunnel reads rule {number} of {name} without {used}, and would deny more to callers of {reached}."
                    );
                    (codes::AMBIENT_DENY_WIDER_SCOPE, message)
                });
            }
        }
    }
    found
}

/// Whom of the ambient pods a policy reaches, for sentences; pods that nobody knows are as their namespace says.
fn reached(mesh: &Mesh, policy: &AuthorizationPolicy, pods: &[Workload]) -> Option<String> {
    let namespace = &policy.meta.namespace;
    let mut known = selected(mesh, policy, pods);
    if let Some(first) = known.next() {
        let more = known.count();
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        return Some(format!("{} (ambient){rest}", first.meta.object()));
    }
    let somebody = || mesh.subjects().iter().any(|pods| in_reach(mesh, policy, pods));
    (mesh.is_ambient_namespace(namespace) && (policy.selector.is_empty() || !somebody()))
        .then(|| format!("the pods of namespace {namespace} (ambient)"))
}

fn selected<'p>(
    mesh: &'p Mesh,
    policy: &'p AuthorizationPolicy,
    pods: &'p [Workload],
) -> impl Iterator<Item = &'p Workload> {
    pods.iter().filter(move |pods| in_reach(mesh, policy, pods))
}

fn in_reach(mesh: &Mesh, policy: &AuthorizationPolicy, pods: &Workload) -> bool {
    let from = &policy.meta.namespace;
    (*from == pods.meta.namespace || *from == mesh.settings.root_namespace)
        && selects(&policy.selector, &pods.pod_labels)
}

/// The waypoint before some pods that no rule admits; it runs as the service account of its own name. A default denial
/// admits nobody on purpose.
fn locked_out(mesh: &Mesh, policy: &AuthorizationPolicy, pods: &[Workload]) -> Option<String> {
    if policy.rules.is_empty() {
        return None;
    }
    selected(mesh, policy, pods).filter_map(|pods| mesh.waypoint(pods)).find(|waypoint| {
        let (namespace, name) = waypoint.split_once('/').unwrap_or_default();
        let identity = format!("{}/ns/{namespace}/sa/{name}", mesh.settings.trust_domain);
        let admits = |source: &Source| source.principals.values.contains(&identity);
        !policy.rules.iter().any(|rule| rule.from.is_empty() || rule.from.iter().any(admits))
    })
}

/// True when ztunnel never matches a DENY rule: ANY of its parts consists of entries with nothing left.
fn is_off(rule: &PolicyRule, version: Version) -> bool {
    let bare_source = |source: &Source| {
        let accounts = version.at_least(26) && !source.service_accounts.is_empty();
        source.principals.is_empty() && source.namespaces.is_empty() && source.ip_blocks.is_empty() && !accounts
    };
    let bare_operation = |operation: &Operation| operation.ports.is_empty();
    (!rule.from.is_empty() && rule.from.iter().all(bare_source))
        || (!rule.to.is_empty() && rule.to.iter().all(bare_operation))
        || rule.when.iter().any(|condition| !KNOWN_KEYS.contains(&condition.key.as_str()))
}

/// The `when` keys that ztunnel knows.
const KNOWN_KEYS: [&str; 5] =
    ["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];

/// The fields of rules that ztunnel does not know, as written.
fn fields<'r>(rules: impl Iterator<Item = &'r PolicyRule>, version: Version) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rule in rules {
        for source in &rule.from {
            let unknown = [
                (&source.request_principals, "requestPrincipals", true),
                (&source.remote_ip_blocks, "remoteIpBlocks", true),
                (&source.trust_domains, "trustDomains", true),
                (&source.service_accounts, "serviceAccounts", !version.at_least(26)),
            ];
            found.extend(unknown.iter().filter(|(field, _, is)| *is && !field.is_empty()).map(|(_, name, _)| *name));
        }
        for operation in &rule.to {
            let unknown = [(&operation.hosts, "hosts"), (&operation.methods, "methods"), (&operation.paths, "paths")];
            found.extend(unknown.iter().filter(|(field, _)| !field.is_empty()).map(|(_, name)| *name));
        }
        let keys = rule.when.iter().map(|condition| condition.key.as_str());
        found.extend(keys.filter(|key| !KNOWN_KEYS.contains(key)));
    }
    found.into_iter().map(|name| format!("`{name}`")).collect()
}

fn listed(fields: &BTreeSet<String>) -> String {
    fields.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
