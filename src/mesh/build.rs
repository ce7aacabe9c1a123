//! From manifests to a [`World`]: decode each, split into environments, fill a [`Mesh`] per environment.

use super::conflicts::{self, Resolution};
use super::decode::{self, Decoded, Object, Outcome};
use super::environments::{self, Member, Origin, Plan};
use super::evidence::{self, Completeness, Evidence, InventoryKind};
use super::{BuildOptions, Environment, Input, Mesh, Settings, World, stated, twins};
use crate::api::{ManifestId, namespace};
use crate::finding::catalogue::given::STATED_FACT_OVERRULED;
use crate::finding::{self, Finding, ObjectRef};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Decodes the input and splits it into environments (the module `environments` states the rule).
///
/// Legacy objects of an inventory are part of the mesh, because they decide what was enforced; their manifests are
/// marked by [`Input::inventory`] and are not in [`World::legacy`].
pub fn build(inputs: Vec<Input>, options: &BuildOptions) -> World {
    // Parts keep their order, so the result does not depend on which thread was first.
    let parts: Vec<(Option<Decoded>, Vec<Finding>)> = inputs
        .par_iter()
        .enumerate()
        .map(|(index, input)| {
            let mut findings = Vec::new();
            (decode::decode(ManifestId(index), input, options, &mut findings), findings)
        })
        .collect();
    let (decoded, findings): (Vec<Option<Decoded>>, Vec<Vec<Finding>>) = parts.into_iter().unzip();
    let decoded: Vec<Decoded> = decoded.into_iter().flatten().collect();
    let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();

    // A patch is not an object: it neither exists nor separates environments.
    let objects: Vec<&Decoded> = decoded.iter().filter(|d| !matches!(d.outcome, Outcome::Patch)).collect();
    // What somebody states was not seen: it is no evidence that a kind was asked for.
    let is_stated = |id: ManifestId| inputs.get(id.0).is_some_and(|input| options.facts.hold(&input.manifest));
    let seen = objects.iter().filter(|decoded| !is_stated(decoded.id));
    let shown: BTreeSet<InventoryKind> = seen.filter_map(|decoded| decoded.shows).collect();
    let evidence = Evidence::new(&options.complete, &shown);
    let mut members: Vec<Member> = objects.iter().map(|object| member(object, &inputs, is_stated(object.id))).collect();
    agreeing_twins_separate_nothing(&mut members, &objects, &inputs);
    let plans = if options.meshes.is_empty() || options.one_mesh {
        environments::plan(&members, options.one_mesh, &options.roots)
    } else {
        environments::plan_meshes(&members, &options.meshes)
    };
    let environments: Vec<Environment> = plans
        .into_iter()
        .map(|plan| environment(plan, &objects, &inputs, (options, &evidence), &mut findings))
        .collect();

    let (given, overruled) = options.facts.given(environments.iter().map(|environment| &environment.mesh));
    // A contradiction has been told as an error already.
    let contradicted = findings.iter().any(|finding| finding.code == STATED_FACT_OVERRULED);
    findings.extend(overruled.into_iter().filter(|_| !contradicted));
    finding::sort(&mut findings);
    let is_input = |id: ManifestId| inputs.get(id.0).is_some_and(|input| !input.inventory);
    let legacy: Vec<&Decoded> = decoded.iter().filter(|d| d.legacy && is_input(d.id)).collect();
    let old = legacy.iter().filter_map(|decoded| decoded.shows).collect();
    let not_shown = match options.complete {
        Completeness::Shown => evidence::not_shown(&old, &evidence),
        Completeness::Open | Completeness::Kinds(_) | Completeness::All => Vec::new(),
    };
    let legacy = legacy.iter().map(|decoded| decoded.id).collect();
    World { manifests: inputs, environments, findings, legacy, not_shown, given }
}

fn member(decoded: &Decoded, inputs: &[Input], stated: bool) -> Member {
    let input = inputs.get(decoded.id.0);
    let from = match input {
        _ if stated => Origin::Stated,
        Some(input) if input.inventory => Origin::Inventory,
        _ => Origin::Input,
    };
    let object = &decoded.object;
    Member {
        file: input.map(|input| input.manifest.file().clone()).unwrap_or_else(|| Arc::from("")),
        folder: input.map(|input| decode::folder_of(input.manifest.file()).to_owned()).unwrap_or_default(),
        identity: decoded.unique.then(|| identity(object)),
        separates: object.kind != "Namespace",
        from,
    }
}

/// Objects that are never converted separate folders only where they differ in something that access needs.
fn agreeing_twins_separate_nothing(members: &mut [Member], objects: &[&Decoded], inputs: &[Input]) {
    let mut twins: BTreeMap<ObjectRef, Vec<usize>> = BTreeMap::new();
    for (index, (member, decoded)) in members.iter().zip(objects).enumerate() {
        if let (Some(identity), false) = (&member.identity, decoded.legacy) {
            twins.entry(identity.clone()).or_default().push(index);
        }
    }
    for group in twins.into_values() {
        let Some(first) = group.first().and_then(|index| objects.get(*index)) else { continue };
        let mut others = group.iter().filter_map(|index| objects.get(*index));
        if others.all(|other| twins::agree(first, other, inputs)) {
            for index in group {
                if let Some(member) = members.get_mut(index) {
                    member.separates = false;
                }
            }
        }
    }
}

/// Objects of one identity in two folders separate these, also when nobody has named their namespaces.
fn identity(object: &ObjectRef) -> ObjectRef {
    if namespace::is_unnamed(&object.namespace) {
        ObjectRef { namespace: namespace::unnamed(""), ..object.clone() }
    } else {
        object.clone()
    }
}

/// True when objects are in several namespaces of which somebody has to say whether they are one: then it is not known
/// what a namespace does not hold. The root namespace is taken for another one.
fn scattered(objects: &[&Decoded], members: &[usize], settings: &Settings) -> bool {
    let namespaces: BTreeSet<&str> = members
        .iter()
        .filter_map(|index| objects.get(*index))
        .map(|decoded| decoded.object.namespace.as_str())
        .filter(|namespace| !namespace.is_empty() && *namespace != settings.root_namespace)
        .collect();
    namespaces.len() > 1 && namespaces.into_iter().any(namespace::is_unnamed)
}

fn environment(
    plan: Plan,
    objects: &[&Decoded],
    inputs: &[Input],
    (options, evidence): (&BuildOptions, &Evidence),
    findings: &mut Vec<Finding>,
) -> Environment {
    let mut mesh = Mesh::new(options.settings.clone());
    mesh.one_place = options.one_mesh || !options.meshes.is_empty();
    if !scattered(objects, &plan.members, &options.settings) {
        mesh.evidence = evidence.clone();
    }
    let seen: Vec<&Decoded> = plan.members.iter().filter_map(|index| objects.get(*index).copied()).collect();
    let resolution = conflicts::resolve(&seen, inputs);
    for decoded in &seen {
        add(decoded, &resolution, &mut mesh);
    }
    findings.extend(resolution.findings);
    drop_owned_workloads(&seen, &mut mesh);
    findings.extend(stated::give_way(&mut mesh, &options.facts));
    findings.extend(conflicts::several_configs(&mut mesh));
    let shared = plan.shared.iter().filter_map(|index| objects.get(*index));
    mesh.shared = shared.filter(|decoded| decoded.legacy).map(|decoded| decoded.id).collect();
    Environment { root: plan.root, mesh }
}

/// Puts an object where it belongs.
fn add(decoded: &Decoded, resolution: &Resolution, mesh: &mut Mesh) {
    let (id, object) = (decoded.id, || decoded.object.clone());
    if let Some(code) = resolution.repeated.get(&id) {
        if decoded.legacy {
            mesh.rejected.push((id, object()));
            mesh.inert.push((id, object(), *code));
        }
        return;
    }
    match &decoded.outcome {
        Outcome::Accepted(_) if decoded.legacy && resolution.contradicting.contains(&id) => {
            mesh.rejected.push((id, object()));
        }
        Outcome::Accepted(accepted) => {
            if resolution.contradicting.contains(&id) {
                mesh.unreadable.push((id, object()));
            }
            insert(accepted.as_ref().clone(), mesh);
        }
        Outcome::Rejected => mesh.rejected.push((id, object())),
        Outcome::Inert(code) => {
            mesh.rejected.push((id, object()));
            mesh.inert.push((id, object(), *code));
        }
        Outcome::Unreadable => mesh.unreadable.push((id, object())),
        Outcome::Patch => {}
    }
}

fn insert(object: Object, mesh: &mut Mesh) {
    match object {
        Object::Authentication(policy) => mesh.authentication.push(policy),
        Object::Config(config) => mesh.configs.push(config),
        Object::Role(role) => mesh.roles.push(role),
        Object::Binding(binding) => mesh.bindings.push(binding),
        Object::Peer(policy) => mesh.peer.push(policy),
        Object::Request(policy) => mesh.request.push(policy),
        Object::Authorization(policy) => mesh.authorization.push(policy),
        Object::Service(service) => mesh.services.push(service),
        Object::Workload(workload) => mesh.workloads.push(workload),
        Object::Namespace(namespace) => mesh.namespaces.push(namespace),
        Object::DestinationRule(rule) => mesh.destination_rules.push(rule),
        Object::Sidecar(sidecar) => mesh.sidecars.push(sidecar),
        Object::ServiceEntry(entry) => mesh.service_entries.push(entry),
        Object::ServiceMesh(meta) => mesh.openshift.push(meta),
    }
}

/// A dump lists a Deployment, its ReplicaSets and their Pods; the pods are counted once, as the topmost object that is
/// here.
fn drop_owned_workloads(seen: &[&Decoded], mesh: &mut Mesh) {
    let known: BTreeSet<(&str, &str, &str)> = mesh
        .workloads
        .iter()
        .map(|w| (w.meta.namespace.as_str(), w.meta.kind.as_str(), w.meta.name.as_str()))
        .collect();
    let owned: BTreeSet<ManifestId> = seen
        .iter()
        .filter(|decoded| {
            let namespace = decoded.object.namespace.as_str();
            decoded.owner.as_ref().is_some_and(|(kind, name)| known.contains(&(namespace, kind, name)))
        })
        .map(|decoded| decoded.id)
        .collect();
    mesh.workloads.retain(|workload| workload.meta.manifest.is_none_or(|id| !owned.contains(&id)));
}

#[cfg(test)]
mod tests;
