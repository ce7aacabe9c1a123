//! What is compared: the workloads of both sides, their ports, and pods that policies can tell apart although no
//! manifest of them is known.

use crate::access::question::waypoints;
use crate::access::worlds::subject::Subject;
use crate::access::{Side, Transport, World};
use crate::api::core::{Service, ServicePort, Workload};
use crate::api::{Labels, Meta};
use crate::finding::ObjectRef;
use crate::mesh::{GovernedPort, Mesh, Protocol, compatible, is_gateway, may_become, selects};
use std::collections::{BTreeMap, BTreeSet};

/// One workload, as each side knows it.
#[derive(Clone, Debug)]
pub struct Pods {
    /// As the old side knows it, or the new side when only that does.
    pub before: Workload,
    /// As the new side knows it, or the old side when only that does.
    pub after: Workload,
    /// Labels that were added to a stand-in because a policy asks for them.
    pub added: Labels,
    /// True when nothing may be called proved: policies can tell more pods apart than are compared, or an object that
    /// may bear on these pods could not be read, or a Sidecar replaces their listeners.
    pub in_doubt: bool,
}

/// A stand-in is refined into at most so many.
const REFINEMENTS: usize = 128;

/// The mesh that the services are taken from: the old one, if it has any.
pub fn services<'a>(before: &Side<'a>, after: &Side<'a>) -> &'a Mesh {
    if before.mesh.services.is_empty() { after.mesh } else { before.mesh }
}

/// The workloads of both sides; stand-ins in every variety that a selector or a label constraint can tell apart.
pub fn pods(before: &Side<'_>, after: &Side<'_>) -> Vec<Pods> {
    let (old, new) = (by_name(before.mesh), by_name(after.mesh));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut asked: BTreeMap<&str, BTreeSet<Labels>> = BTreeMap::new();
    let mut found = Vec::new();
    for name in names {
        let (Some(first), Some(second)) = (old.get(name).or(new.get(name)), new.get(name).or(old.get(name))) else {
            continue;
        };
        // A Service stands in only while the other side knows no pods of it.
        if first.stand_in && second.stand_in {
            let namespace = first.meta.namespace.as_str();
            let asked = asked.entry(namespace).or_insert_with(|| {
                [before, after].into_iter().flat_map(|side| selectors(side.mesh, namespace)).collect()
            });
            found.extend(varieties(asked, first, second));
        } else {
            found.push(Pods { before: first.clone(), after: second.clone(), added: Labels::new(), in_doubt: false });
        }
    }
    // An OpenShift mesh has mesh-wide objects of its own kinds.
    let other_rules =
        [before, after].iter().any(|side| side.world == World::Source && side.mesh.openshift_sign().is_some());
    for pods in &mut found {
        pods.in_doubt |= waypoints::in_doubt(before, after, &pods.before, &pods.after);
        pods.in_doubt |= other_rules || in_doubt(before, &pods.before) || in_doubt(after, &pods.after);
    }
    found
}

/// The workloads by name; versions of one name are told apart by their order.
fn by_name(mesh: &Mesh) -> BTreeMap<(ObjectRef, usize), Workload> {
    let mut found: BTreeMap<(ObjectRef, usize), Workload> = BTreeMap::new();
    let mut versions: BTreeMap<ObjectRef, usize> = BTreeMap::new();
    for workload in mesh.subjects() {
        let version = versions.entry(workload.meta.object()).or_default();
        found.insert((workload.meta.object(), *version), workload);
        *version += 1;
    }
    found
}

/// True when it is not known what a side does about these pods. A rejected old object may have been enforced all the
/// same; an unreadable object may be anything; custom ingress listeners of a Sidecar replaced those of the Services in
/// old releases, and are not modelled.
fn in_doubt(side: &Side<'_>, workload: &Workload) -> bool {
    let mesh = side.mesh;
    let bears = |object: &ObjectRef| {
        let namespace = object.namespace.as_str();
        // A RbacConfig counts wherever it stands.
        object.kind == "RbacConfig"
            || namespace.is_empty()
            || namespace == mesh.settings.root_namespace
            || may_become(namespace, &workload.meta.namespace)
    };
    // Of a Service with several versions, ANY of them may select the pods.
    let versions = |object: &ObjectRef| {
        let named = mesh.services.iter().filter(|service| service.meta.object() == *object);
        named.filter_map(|service| service.selector.as_ref()).collect::<Vec<_>>()
    };
    let selects_them = |selector: &&Labels| match workload.stand_in {
        true => compatible(selector, &workload.pod_labels),
        false => selects(selector, &workload.pod_labels),
    };
    let doubtful = |object: &ObjectRef| match versions(object) {
        known if !known.is_empty() => object.namespace == workload.meta.namespace && known.iter().any(&selects_them),
        _ => bears(object),
    };
    let unread = mesh.unreadable.iter().any(|(_, object)| object.kind != "DestinationRule" && doubtful(object));
    let inert = |id| mesh.inert.iter().any(|(inert, ..)| inert == id);
    let rejected = || mesh.rejected.iter().any(|(id, object)| !inert(id) && bears(object));
    unread || (side.world == World::Source && (rejected() || mesh.custom_ingress(workload).is_some()))
}

/// A stand-in, and the same with every set of further labels that policies ask for.
fn varieties(asked: &BTreeSet<Labels>, old: &Workload, new: &Workload) -> Vec<Pods> {
    let mut found: Vec<Labels> = vec![old.pod_labels.clone()];
    let mut in_doubt = false;
    for selector in asked {
        for index in 0..found.len() {
            let Some(known) = found.get(index).filter(|known| compatible(selector, known) && !selects(selector, known))
            else {
                continue;
            };
            let mut both = known.clone();
            both.extend(selector.clone());
            if found.len() >= REFINEMENTS {
                in_doubt = true;
            } else if !found.contains(&both) {
                found.push(both);
            }
        }
    }
    let variety = |labels: Labels| {
        let relabel = |workload: &Workload| {
            let mut pod_labels = workload.pod_labels.clone();
            pod_labels.extend(labels.clone());
            Workload { pod_labels, ..workload.clone() }
        };
        let added = labels.iter().filter(|(key, _)| !old.pod_labels.contains_key(*key));
        Pods {
            before: relabel(old),
            after: relabel(new),
            added: added.map(|(key, value)| (key.clone(), value.clone())).collect(),
            in_doubt,
        }
    };
    found.into_iter().map(variety).collect()
}

/// The label sets that policies of a mesh ask of pods in a namespace.
fn selectors(mesh: &Mesh, namespace: &str) -> Vec<Labels> {
    let near = |meta: &Meta| meta.namespace == namespace || meta.namespace == mesh.settings.root_namespace;
    let mut found: Vec<Labels> = Vec::new();
    found.extend(mesh.peer.iter().filter(|p| near(&p.meta)).map(|p| p.selector.clone()));
    found.extend(mesh.request.iter().filter(|p| near(&p.meta)).map(|p| p.selector.clone()));
    found.extend(mesh.authorization.iter().filter(|p| near(&p.meta)).map(|p| p.selector.clone()));
    for role in mesh.roles.iter().filter(|role| role.meta.namespace == namespace) {
        for constraint in role.rules.iter().flat_map(|rule| &rule.constraints) {
            let key = constraint.key.strip_prefix("destination.labels[").and_then(|key| key.strip_suffix(']'));
            let Some(key) = key else { continue };
            found.extend(constraint.values.iter().map(|value| Labels::from([(key.to_owned(), instance(value))])));
        }
    }
    found.retain(|labels| !labels.is_empty());
    found
}

/// A label value that a pattern matches.
fn instance(pattern: &str) -> String {
    match pattern {
        "*" => "any".to_owned(),
        _ => match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(rest), _) => format!("any{rest}"),
            (None, Some(rest)) => format!("{rest}any"),
            (None, None) => pattern.to_owned(),
        },
    }
}

/// A question about one port and one kind of traffic.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// True when a Service governs the port that the input does not show.
    pub unseen: bool,
    /// The old side.
    pub before: Subject<'a>,
    /// The new side.
    pub after: Subject<'a>,
}

/// The questions about a workload: every declared port and kind of traffic, then ports whose name leads to an unknown
/// number (asked about with any number), then undeclared ports: governed by nobody, and by each of the `unseen` Services.
///
/// Traffic that is not HTTP is not compared on ports that the old side took as HTTP: it was never a way in.
pub fn questions<'a>(
    pods: &'a Pods,
    before: World,
    after: World,
    services: &'a Mesh,
    (ports, unseen): (&[GovernedPort<'a>], &'a [Service]),
) -> Vec<Question<'a>> {
    let mut found = Vec::new();
    let mut ask = |port: Option<u16>, governing: Option<(&'a Service, &'a ServicePort)>, chains: [Protocol; 2]| {
        let protocol = |world: World| match world {
            World::Source => chains[0],
            World::Target => chains[1],
        };
        let (old, new) = (protocol(before), protocol(after));
        let question = |traffic| {
            let subject = |workload, protocol| Subject { workload, port, governing, traffic, protocol };
            let unseen = governing.is_some_and(|(service, _)| unseen.iter().any(|other| std::ptr::eq(other, service)));
            Question { unseen, before: subject(&pods.before, old), after: subject(&pods.after, new) }
        };
        if old != Protocol::Tcp || new != Protocol::Tcp {
            found.push(question(Transport::Http));
        }
        if old != Protocol::Http {
            found.push(question(Transport::Tcp));
        }
    };
    let gateway = is_gateway(&pods.before.pod_labels);
    for port in ports {
        let terminated = gateway && announces_https(port.service_port);
        let chains = if terminated { [Protocol::Http; 2] } else { [port.old_protocol, port.new_protocol] };
        ask(Some(port.number), Some((port.service, port.service_port)), chains);
    }
    // Pods that a manifest shows without a port of that name are not behind that Service port (authn §2.2).
    let unresolved = if pods.before.stand_in { services.unresolved_ports(&pods.before) } else { Vec::new() };
    for (service, port) in unresolved {
        ask(None, Some((service, port)), [services.old_protocol(port), services.new_protocol(port)]);
    }
    ask(None, None, [Protocol::Auto, Protocol::Auto]);
    for service in unseen {
        for port in &service.ports {
            ask(None, Some((service, port)), [services.old_protocol(port), services.new_protocol(port)]);
        }
    }
    found
}

/// True for an `https` port. On a gateway the Gateway's server decides whether that is HTTP behind TLS which it
/// terminates (the usual case, compared here) or bytes that it passes on; Gateways are not read.
fn announces_https(port: &ServicePort) -> bool {
    port.name.split('-').next().is_some_and(|prefix| prefix.eq_ignore_ascii_case("https"))
}
