//! One workload is converted whole, or not at all (`meaning/knowledge.md` §9).
//!
//! A default denial without the role under it cuts callers off; a role without the token that was demanded beside it lets
//! callers in. So when ANY old object that decides about a workload is refused, EVERY old object that decides about it
//! stays as it is, until nothing changes. An object that had no effect decides about nothing.

use super::ledger::Ledger;
use crate::api::ManifestId;
use crate::api::legacy::{AuthenticationPolicy, RbacConfig, RbacMode};
use crate::finding::catalogue::mtls::UNKNOWN_MESH_POLICY;
use crate::finding::catalogue::plan::LEFT_WITH_REFUSED;
use crate::finding::{Finding, ObjectRef};
use crate::mesh::{Input, Lookup, Mesh, selects};
use std::collections::{BTreeMap, BTreeSet};

/// What an old object decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    /// Workloads of every namespace.
    Mesh,
    /// The workloads of these namespaces, also those that nobody has shown.
    Namespaces(BTreeSet<String>),
    /// These workloads: positions in [`Mesh::subjects`].
    Workloads(BTreeSet<usize>),
}

/// The workloads that stay with the old objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    everything: bool,
    namespaces: BTreeSet<String>,
    workloads: BTreeSet<usize>,
    /// The namespace and the name of every workload, by position.
    known: Vec<ObjectRef>,
}

impl Left {
    fn none(mesh: &Mesh) -> Left {
        let known = mesh.subjects().iter().map(|workload| workload.meta.object()).collect();
        Left { known, ..Left::default() }
    }

    /// True when the old objects of this workload stay.
    pub fn holds(&self, workload: &ObjectRef) -> bool {
        let listed = || self.workloads.iter().any(|at| self.known.get(*at) == Some(workload));
        self.everything || self.namespaces.contains(&workload.namespace) || listed()
    }

    fn namespace_of(&self, at: usize) -> Option<&str> {
        self.known.get(at).map(|workload| workload.namespace.as_str())
    }

    /// True when ANY workload that the object decides about stays with the old objects.
    fn touches(&self, reach: &Reach) -> bool {
        let some = |namespace: &str| {
            self.namespaces.contains(namespace)
                || self.workloads.iter().any(|at| self.namespace_of(*at) == Some(namespace))
        };
        match reach {
            _ if self.everything => true,
            Reach::Mesh => !self.namespaces.is_empty() || !self.workloads.is_empty(),
            Reach::Namespaces(namespaces) => namespaces.iter().any(|namespace| some(namespace)),
            Reach::Workloads(workloads) => workloads.iter().any(|at| {
                let whole = self.namespace_of(*at).is_some_and(|namespace| self.namespaces.contains(namespace));
                whole || self.workloads.contains(at)
            }),
        }
    }

    /// Adds what a refused object decides about; false when it was not refused.
    fn add_refused(&mut self, ledger: &Ledger, id: ManifestId, reach: &Reach) -> bool {
        match ledger.refused().get(&id) {
            None => return false,
            // What is not known is the default of the whole mesh, wherever the finding stands.
            Some(refusal) if refusal.because == UNKNOWN_MESH_POLICY => self.add(&Reach::Mesh),
            Some(_) => self.add(reach),
        }
        true
    }

    fn add(&mut self, reach: &Reach) {
        match reach {
            Reach::Mesh => self.everything = true,
            Reach::Namespaces(namespaces) => self.namespaces.extend(namespaces.iter().cloned()),
            Reach::Workloads(workloads) => self.workloads.extend(workloads),
        }
    }
}

/// The workloads of an environment that stay with the old objects that were refused.
pub fn left(mesh: &Mesh, ledger: &Ledger) -> Left {
    let mut left = Left::none(mesh);
    for (id, reach) in reaches(mesh, ledger) {
        left.add_refused(ledger, id, &reach);
    }
    left
}

/// Leaves every object of the environment that decides about the same workload as a refused one. True when that was any.
pub(super) fn leave(ledger: &mut Ledger, mesh: &Mesh, manifests: &[Input]) -> bool {
    let reaches = reaches(mesh, ledger);
    let mut left = Left::none(mesh);
    let mut causes: Vec<ManifestId> = Vec::new();
    for (id, reach) in &reaches {
        if left.add_refused(ledger, *id, reach) {
            causes.push(*id);
        }
    }
    let Some(cause) = causes.first().copied() else { return false };
    let mut more: Vec<ManifestId> = Vec::new();
    loop {
        let concerned = |(id, reach): &(&ManifestId, &Reach)| {
            let decides = !ledger.inert_objects().contains_key(*id) && !ledger.is_refused(**id);
            decides && !more.contains(id) && left.touches(reach)
        };
        let found: Vec<(ManifestId, Reach)> =
            reaches.iter().filter(concerned).map(|(id, reach)| (*id, reach.clone())).collect();
        if found.is_empty() {
            break;
        }
        for (id, reach) in found {
            left.add(&reach);
            more.push(id);
        }
    }
    more.extend(shadowing(ledger, mesh, &reaches, &left));
    if let Some(finding) = told(&more, cause, manifests) {
        ledger.tell(finding);
    }
    let any = !more.is_empty();
    ledger.leave(more, LEFT_WITH_REFUSED, Some(cause));
    any
}

/// Old policies that become nothing and that stand before a policy that stays: without them that one would be in force.
fn shadowing(ledger: &Ledger, mesh: &Mesh, reaches: &BTreeMap<ManifestId, Reach>, left: &Left) -> Vec<ManifestId> {
    let becomes_nothing = |id: &ManifestId| ledger.inert_objects().contains_key(id) && !ledger.is_refused(*id);
    let touches = |id: &ManifestId| reaches.get(id).is_some_and(|reach| left.touches(reach));
    let policies = mesh.authentication.iter().filter_map(|policy| policy.meta.manifest);
    policies.filter(|id| becomes_nothing(id) && touches(id)).collect()
}

/// One finding for all of them, at the first.
fn told(more: &[ManifestId], cause: ManifestId, manifests: &[Input]) -> Option<Finding> {
    let input = |id: ManifestId| manifests.get(id.0);
    let first = input(more.iter().copied().min()?)?;
    let cause = input(cause)?;
    let (object, refused) = (first.object(), cause.object());
    let who = match more.len() {
        1 => format!("{object} stays as it is: it decides"),
        2 => format!("{object} and one more old object stay as they are: they decide"),
        number => format!("{object} and {} more old objects stay as they are: they decide", number - 1),
    };
    let message = format!("{who} about workloads that {refused} decides about too, and that one was refused.");
    let finding = Finding::new(LEFT_WITH_REFUSED, message).at(first.manifest.place("")).on(object);
    Some(finding.related(cause.manifest.place(""), "refused"))
}

/// What every old object decides about, as far as that is known; where it is not, it is the whole namespace.
fn reaches(mesh: &Mesh, ledger: &Ledger) -> BTreeMap<ManifestId, Reach> {
    let mut reaches = BTreeMap::new();
    for policy in &mesh.authentication {
        let reach = |id| if ledger.is_for_mesh(id) { Reach::Mesh } else { of_policy(mesh, policy) };
        reaches.extend(policy.meta.manifest.map(|id| (id, reach(id))));
    }
    for config in &mesh.configs {
        reaches.extend(config.meta.manifest.map(|id| (id, of_config(mesh, config))));
    }
    let roles = mesh.roles.iter().map(|role| &role.meta);
    for meta in roles.chain(mesh.bindings.iter().map(|binding| &binding.meta)) {
        reaches.extend(meta.manifest.map(|id| (id, namespace(&meta.namespace))));
    }
    let inert: BTreeSet<ManifestId> = mesh.inert.iter().map(|(id, ..)| *id).collect();
    for (id, object) in mesh.rejected.iter().filter(|(id, _)| !inert.contains(id)) {
        let whole_mesh = object.namespace.is_empty() || object.kind.ends_with("RbacConfig");
        reaches.insert(*id, if whole_mesh { Reach::Mesh } else { namespace(&object.namespace) });
    }
    reaches
}

fn namespace(name: &str) -> Reach {
    Reach::Namespaces(BTreeSet::from([name.to_owned()]))
}

/// A MeshPolicy decides wherever no other policy does, so its successor cannot be written for some workloads only.
fn of_policy(mesh: &Mesh, policy: &AuthenticationPolicy) -> Reach {
    let of = policy.meta.namespace.as_str();
    if of.is_empty() {
        return Reach::Mesh;
    }
    if policy.targets.is_empty() {
        return namespace(of);
    }
    let subjects = mesh.subjects();
    let mut workloads = BTreeSet::new();
    for target in &policy.targets {
        let Lookup::Found(service) = mesh.service(of, &target.name) else { return namespace(of) };
        let Some(selector) = &service.selector else { return namespace(of) };
        let selected = subjects
            .iter()
            .enumerate()
            .filter(|(_, workload)| workload.meta.namespace == of && selects(selector, &workload.pod_labels));
        workloads.extend(selected.map(|(at, _)| at));
    }
    Reach::Workloads(workloads)
}

/// The namespaces in which a config may switch RBAC on.
fn of_config(mesh: &Mesh, config: &RbacConfig) -> Reach {
    let (RbacMode::OnWithInclusion, Some(target)) = (config.mode, &config.inclusion) else { return Reach::Mesh };
    let end = format!(".svc.{}", mesh.settings.cluster_domain);
    let of_host = |host: &str| Some(host.strip_suffix(end.as_str())?.rsplit_once('.')?.1.to_owned());
    let of_services = target.services.iter().filter_map(|(host, _)| of_host(host));
    Reach::Namespaces(target.namespaces.iter().map(|(name, _)| name.clone()).chain(of_services).collect())
}
