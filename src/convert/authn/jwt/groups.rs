//! Where the objects for tokens go: the whole mesh, a namespace, or groups of workloads (`meaning/authn.md` J15–J17).

use super::findings;
use super::plan::{Jwt, Plan};
use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::effective::{is_mesh_policy, same_object};
use crate::convert::authn::meaning::JwtMeaning;
use crate::convert::authn::naming::Selected;
use crate::convert::authn::selectors::separating;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::mesh::InventoryKind;
use std::collections::{BTreeMap, BTreeSet};

/// One pair of objects to be.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// Their namespace.
    pub(super) namespace: String,
    /// Empty for the whole namespace or mesh.
    pub(super) selector: Labels,
    /// The service and workload they are named after, if any.
    pub(super) part: Option<Selected>,
    /// What they demand: index into the distinct demands to **container** ports.
    pub(super) on: BTreeMap<usize, BTreeSet<u16>>,
    /// HTTP ports of these workloads on which no token was looked at.
    pub(super) free: BTreeSet<u16>,
    /// Container ports of these workloads that newly count as HTTP.
    pub(super) newly_read: BTreeSet<u16>,
    /// The policies they come from.
    pub(super) policies: Vec<&'a AuthenticationPolicy>,
    /// Indexes of the workloads.
    pub(super) members: Vec<usize>,
}

/// Decides where the objects go.
pub(super) fn places<'a>(work: &mut Work<'a>, jwt: &Jwt<'a>) -> Vec<Place<'a>> {
    let root = work.root();
    if let Some(place) = mesh_wide(work, jwt) {
        return vec![place];
    }
    let mut places = Vec::new();
    for namespace in work.namespaces() {
        // An object without a selector in the root namespace is mesh-wide.
        match whole_namespace(work, jwt, namespace).filter(|_| namespace != root) {
            Some(place) => places.push(place),
            None => places.extend(groups(work, jwt, namespace)),
        }
    }
    places
}

/// One pair for the mesh: the MeshPolicy has tokens, and NO policy anywhere asks for other ones.
fn mesh_wide<'a>(work: &Work<'a>, jwt: &Jwt<'a>) -> Option<Place<'a>> {
    let policy = work.policies().mesh_policy()?;
    let meaning = JwtMeaning::of(policy);
    let in_force = |other: &&AuthenticationPolicy| !is_mesh_policy(other) || same_object(other, policy);
    let mut others = work.mesh().authentication.iter().filter(in_force);
    if !others.all(|other| JwtMeaning::of(other) == meaning) {
        return None;
    }
    let everyone: Vec<usize> = (0..work.subjects().len()).collect();
    whole(work, jwt, policy, work.root(), everyone)
}

fn whole_namespace<'a>(work: &Work<'a>, jwt: &Jwt<'a>, namespace: &str) -> Option<Place<'a>> {
    let policy = work.policies().inherited(namespace).policy?;
    let members = work.subjects_of(namespace).map(|(index, _)| index).collect();
    whole(work, jwt, policy, namespace, members)
}

/// One pair for ALL `members`, if EVERY HTTP port of EVERY one has the same demands, and the numbers of these ports mean
/// nothing else on any of them.
fn whole<'a>(
    work: &Work<'a>,
    jwt: &Jwt<'a>,
    policy: &'a AuthenticationPolicy,
    namespace: &str,
    members: Vec<usize>,
) -> Option<Place<'a>> {
    let plans: Vec<(&Subject<'_>, &Plan<'a>)> =
        members.iter().filter_map(|index| Some((work.subjects().get(*index)?, jwt.plans.get(*index)?))).collect();
    let on = demands_everywhere(&plans, policy)?;
    let mut ports: BTreeSet<u16> = on.values().flatten().copied().collect();
    let gateways = plans.iter().filter(|(subject, _)| subject.gateway);
    let moved: Vec<u16> = gateways.flat_map(|(_, plan)| plan.ports()).filter_map(moved_gateway_port).collect();
    ports.extend(moved);
    if plans.iter().any(|(subject, plan)| means_something_else(subject, &plan.ports(), &ports)) {
        return None;
    }
    // The namespace's own policy is the home; the others say the same again.
    let mut policies = vec![policy];
    for other in plans.iter().flat_map(|(_, plan)| &plan.policies) {
        if !policies.iter().any(|known| same_object(known, other)) {
            policies.push(other);
        }
    }
    Some(Place {
        namespace: namespace.to_owned(),
        selector: Labels::new(),
        part: None,
        on,
        free: BTreeSet::new(),
        newly_read: plans.iter().flat_map(|(_, plan)| plan.newly_read.iter().copied()).collect(),
        policies,
        members,
    })
}

/// What ALL these workloads demand on ALL their HTTP ports, if that is one thing: what `policy` asks.
fn demands_everywhere(
    plans: &[(&Subject<'_>, &Plan<'_>)],
    policy: &AuthenticationPolicy,
) -> Option<BTreeMap<usize, BTreeSet<u16>>> {
    let mut on: BTreeMap<usize, BTreeSet<u16>> = BTreeMap::new();
    for (_, plan) in plans {
        if plan.replaced || !plan.free.is_empty() {
            return None;
        }
        for (id, ports) in &plan.on {
            on.entry(*id).or_default().extend(ports);
        }
    }
    let meaning = JwtMeaning::of(policy);
    let mut others = plans.iter().flat_map(|(_, plan)| &plan.policies);
    let is_one = on.len() == 1 && meaning.demands_token() && others.all(|other| JwtMeaning::of(other) == meaning);
    is_one.then_some(on)
}

/// The container port on which gateways of charts since 1.6 listen instead of this one (J17).
pub(super) fn moved_gateway_port(port: u16) -> Option<u16> {
    match port {
        80 => Some(8080),
        443 => Some(8443),
        _ => None,
    }
}

/// True when a port of `all` is known on this workload and has no demand there.
fn means_something_else(subject: &Subject<'_>, own: &BTreeSet<u16>, all: &BTreeSet<u16>) -> bool {
    let governed = subject.ports.iter().map(|port| port.number);
    let declared = subject.workload.ports.iter().map(|port| port.number);
    governed.chain(declared).any(|number| all.contains(&number) && !own.contains(&number))
}

/// Pairs for groups of workloads with the same demands.
fn groups<'a>(work: &mut Work<'a>, jwt: &Jwt<'a>, namespace: &str) -> Vec<Place<'a>> {
    let mut groups: Vec<Place<'a>> = Vec::new();
    for (index, subject) in work.subjects_of(namespace) {
        let Some(plan) = jwt.plans.get(index).filter(|plan| !plan.on.is_empty()) else { continue };
        let alone = Place {
            namespace: namespace.to_owned(),
            selector: Labels::new(),
            part: selected(subject, plan),
            on: plan.on.clone(),
            free: plan.free.clone(),
            newly_read: plan.newly_read.clone(),
            policies: plan.policies.clone(),
            members: vec![index],
        };
        match groups.iter_mut().find(|group| can_share(work, jwt, group, &alone)) {
            Some(group) => group.take(alone),
            None => groups.push(alone),
        }
    }
    let mut places = Vec::new();
    for mut group in groups {
        match selector_for(work, jwt, &group) {
            Some(selector) => {
                only_known_pods_carry(work, &group, &selector);
                group.selector = selector;
                places.push(group);
            }
            None => inseparable(work, &group),
        }
    }
    places
}

impl Place<'_> {
    /// Adds the workloads of another group.
    fn take(&mut self, other: Place<'_>) {
        for (id, ports) in other.on {
            self.on.entry(id).or_default().extend(ports);
        }
        self.free.extend(other.free);
        self.newly_read.extend(other.newly_read);
        self.members.extend(other.members);
    }
}

/// True when the workloads of both groups may have one pair: the same policies, and ports that mean nothing else.
fn can_share(work: &Work<'_>, jwt: &Jwt<'_>, group: &Place<'_>, other: &Place<'_>) -> bool {
    let same_policies = group.policies.len() == other.policies.len()
        && group.policies.iter().zip(&other.policies).all(|(one, two)| same_object(one, two));
    let same_service = group.part.as_ref().map(|part| &part.service) == other.part.as_ref().map(|part| &part.service);
    let same_demands = group.on.keys().eq(other.on.keys());
    if !same_policies || !same_service || !same_demands {
        return false;
    }
    let mut on = group.on.clone();
    for (id, ports) in &other.on {
        on.entry(*id).or_default().extend(ports);
    }
    // For EVERY member and EVERY demand: the joined ports are its own, or mean nothing on it.
    group.members.iter().chain(&other.members).all(|index| {
        let (Some(subject), Some(plan)) = (work.subjects().get(*index), jwt.plans.get(*index)) else { return false };
        on.iter().all(|(id, ports)| plan.on.get(id).is_some_and(|own| !means_something_else(subject, own, ports)))
    })
}

fn selected(subject: &Subject<'_>, plan: &Plan<'_>) -> Option<Selected> {
    let ports = plan.ports();
    let first = subject.ports.iter().find(|port| ports.contains(&port.number))?;
    let service = first
        .governed
        .as_ref()
        .map_or_else(|| subject.workload.meta.name.clone(), |governed| governed.service.meta.name.clone());
    Some(Selected { service, workload: subject.workload.meta.name.clone() })
}

/// A selector for a group that leaves every other workload alone. In the root namespace a selector reaches into every
/// namespace (J17).
fn selector_for(work: &Work<'_>, jwt: &Jwt<'_>, group: &Place<'_>) -> Option<Labels> {
    let reach = if group.namespace == work.root() { None } else { Some(group.namespace.as_str()) };
    let minds = |(index, subject): &(usize, &Subject<'_>)| {
        let has_ports = !subject.ports.is_empty() || !subject.unknown.is_empty();
        let same = jwt.plans.get(*index).is_some_and(|plan| !plan.replaced && plan.on == group.on);
        !group.members.contains(index) && has_ports && !same
    };
    let preferred = service_selectors(work, group);
    let members = group.members.iter().filter_map(|index| work.subjects().get(*index));
    let labels: Vec<&Labels> = members.map(|subject| subject.labels()).collect();
    separating(&labels, &preferred, |selector| !work.selected(reach, selector).iter().any(minds))
}

/// Labels beyond those of the Service are known from the pods of the input only; the demand would not reach others.
fn only_known_pods_carry(work: &mut Work<'_>, group: &Place<'_>, selector: &Labels) {
    let closed = work.mesh().evidence.closes(&[InventoryKind::Workload]);
    if closed || service_selectors(work, group).contains(&selector) {
        return;
    }
    for policy in &group.policies {
        work.refuse(policy, findings::unseen_pods_by_label(selector));
    }
}

/// The selectors of the Services on whose ports a group demands tokens.
fn service_selectors<'a>(work: &Work<'a>, group: &Place<'_>) -> Vec<&'a Labels> {
    let members = group.members.iter().filter_map(|index| work.subjects().get(*index));
    let mut preferred: Vec<&Labels> = Vec::new();
    for port in members.flat_map(|subject| &subject.ports) {
        let concerned = group.on.values().any(|ports| ports.contains(&port.number));
        if let Some(selector) = port.governed.as_ref().and_then(|governed| governed.service.selector.as_ref())
            && concerned
            && !preferred.contains(&selector)
        {
            preferred.push(selector);
        }
    }
    preferred
}

fn inseparable(work: &mut Work<'_>, group: &Place<'_>) {
    let Some(subject) = group.members.first().and_then(|index| work.subjects().get(*index)) else { return };
    for policy in &group.policies {
        work.refuse(policy, findings::inseparable(subject));
    }
}
