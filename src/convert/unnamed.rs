//! Old objects in a namespace that nobody named, where something of another namespace would bear on them if the two are
//! one, and results for such a namespace that have no place of their own.

use super::{Context, Part};
use crate::api::legacy::AuthenticationPolicy;
use crate::api::namespace::{at_the_start, folder_of_unnamed, in_words, is_unnamed, may_be_same};
use crate::api::{ManifestId, Meta};
use crate::finding::catalogue::belonging::UNKNOWN_NAMESPACE;
use crate::finding::catalogue::given::NOT_THE_ROOT_NAMESPACE;
use crate::finding::{Assumption, Finding};
use crate::mesh::{Mesh, SourceRelease, folder_of};
use std::collections::{BTreeMap, BTreeSet};

/// Refuses what depends on the name of a namespace that nobody named, beyond what the parts of the conversion saw.
pub(super) fn settle(context: Context<'_>, part: &mut Part) {
    for policy in &context.mesh.authentication {
        if let Some(other) = bears_on_policy(context.mesh, policy) {
            refuse(&policy.meta, other, part);
        }
    }
    for role in &context.mesh.roles {
        if let Some(other) = bears_on_role(context.mesh, &role.meta) {
            refuse(&role.meta, other, part);
        }
    }
    homeless(context, part);
    not_the_root(context.mesh, part);
}

/// In the root namespace the results would be for the whole mesh.
fn not_the_root(mesh: &Mesh, part: &mut Part) {
    let mut rests: BTreeMap<&str, BTreeSet<ManifestId>> = BTreeMap::new();
    for draft in part.drafts.iter().filter(|draft| is_unnamed(&draft.namespace)) {
        rests.entry(&draft.namespace).or_default().extend(&draft.from);
    }
    let root = &mesh.settings.root_namespace;
    let known: Vec<(Assumption, BTreeSet<ManifestId>)> = rests
        .into_iter()
        .map(|(namespace, ids)| {
            let message = format!(
                "{} is not the root namespace `{root}`, where its policies would be for the whole mesh.",
                at_the_start(&in_words(namespace))
            );
            // Which namespace is the root one, and what it holds.
            let check = "kubectl get configmap istio -n istio-system -o yaml";
            (Assumption::new(NOT_THE_ROOT_NAMESPACE, message, check), ids)
        })
        .collect();
    for (assumption, ids) in known {
        part.ledger.assume(ids, assumption);
    }
}

/// The remedy for a Service that was not found, beginning with the namespace in which it is, if one of the two places is
/// a namespace that nobody named.
pub(super) fn with_namesake(mesh: &Mesh, namespace: &str, name: &str, remedy: String) -> String {
    let meant = mesh
        .services
        .iter()
        .map(|service| &service.meta)
        .find(|meta| meta.name == name && meta.namespace != namespace && may_be_same(&meta.namespace, namespace));
    let Some(meta) = meant else { return remedy };
    let (place, name) = (&meta.place, if is_unnamed(namespace) { &meta.namespace } else { namespace });
    if is_unnamed(name) {
        return format!(
            "The Service at {place} is found if both are in one namespace: name it, for example with `-n NAME`. {remedy}"
        );
    }
    format!("With `-n {name}` the Service at {place} is found. {remedy}")
}

fn refuse(old: &Meta, other: &Meta, part: &mut Part) {
    let Some(id) = old.manifest.filter(|id| !part.ledger.is_refused(*id)) else { return };
    let message = format!(
        "{} is in {} and {} in {}; it bears on the former if they are one namespace, which is not known.",
        old.object(),
        in_words(&old.namespace),
        other.object(),
        in_words(&other.namespace)
    );
    let finding = Finding::new(UNKNOWN_NAMESPACE, message).at(old.place.clone()).on(old.object());
    part.ledger.tell(finding.related(other.place.clone(), "what would bear on it"));
    part.ledger.leave([id], UNKNOWN_NAMESPACE, None);
}

/// True when the two are not of one namespace as far as the input says, and may be all the same. The root namespace is
/// taken for another one.
fn perhaps(mesh: &Mesh, one: &Meta, other: &Meta) -> bool {
    let root = &mesh.settings.root_namespace;
    let apart = one.namespace != other.namespace && one.namespace != *root && other.namespace != *root;
    apart && may_be_same(&one.namespace, &other.namespace)
}

/// A current policy or an old one for a whole namespace, which decides about the pods of this policy if the namespaces
/// are one.
fn bears_on_policy<'a>(mesh: &'a Mesh, policy: &AuthenticationPolicy) -> Option<&'a Meta> {
    let bears = |meta: &&Meta| perhaps(mesh, meta, &policy.meta);
    let peer = (mesh.settings.source == SourceRelease::V1_5).then_some(&mesh.peer);
    let peer = peer.into_iter().flatten().map(|peer| &peer.meta);
    let request = mesh.request.iter().filter(|_| !policy.origins.is_empty()).map(|request| &request.meta);
    // An exception and the policy of its namespace decide for each other.
    let pairs = |other: &&AuthenticationPolicy| {
        policy.targets.is_empty() != other.targets.is_empty()
            && (!policy.targets.is_empty() || !policy.origins.is_empty())
    };
    let old = mesh.authentication.iter().filter(pairs).map(|other| &other.meta);
    peer.chain(request).chain(old).find(bears)
}

/// An AuthorizationPolicy that would have switched this role off, or an old Policy that decided which tokens it saw.
fn bears_on_role<'a>(mesh: &'a Mesh, role: &Meta) -> Option<&'a Meta> {
    let enforced = mesh.authorization.iter().filter(|policy| !policy.dry_run && !policy.target_refs);
    let tokens = mesh.authentication.iter().filter(|policy| !policy.origins.is_empty());
    let metas = enforced.map(|policy| &policy.meta).chain(tokens.map(|policy| &policy.meta));
    metas.into_iter().find(|meta| perhaps(mesh, meta, role))
}

/// A result for an unnamed namespace can only stand in the folder whose documents share it, in place of a document that
/// names none itself.
fn homeless(context: Context<'_>, part: &mut Part) {
    let input = |id: &ManifestId| context.manifests.get(id.0);
    let mut told = BTreeSet::new();
    for draft in part.drafts.iter().filter(|draft| is_unnamed(&draft.namespace)) {
        let home = draft.from.iter().find(|id| input(id).is_some_and(|input| !input.inventory));
        let Some((id, home)) = home.or(draft.from.first()).and_then(|id| Some((*id, input(id)?))) else { continue };
        let manifest = &home.manifest;
        let names_one = manifest.value().pointer("/metadata/namespace").is_some();
        if !names_one && folder_of_unnamed(&draft.namespace) == Some(folder_of(manifest.file())) {
            continue;
        }
        if told.insert(id) {
            let object = home.object();
            let message = format!(
                "{object} would become, among others, {} `{}` in {}, which cannot be named from here.",
                draft.kind.word(),
                draft.name,
                in_words(&draft.namespace)
            );
            part.ledger.tell(Finding::new(UNKNOWN_NAMESPACE, message).at(manifest.place("")).on(object));
        }
        part.ledger.leave([id], UNKNOWN_NAMESPACE, None);
    }
}
