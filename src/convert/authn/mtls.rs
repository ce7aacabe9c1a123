//! Peers to PeerAuthentication: one per mesh, per namespace and per group of workloads (`meaning/authn.md` §4.2–4.4).

mod plan;
mod remarks;
mod scopes;
mod unseen;
mod workloads;

pub(super) use workloads::unresolved_port;

use super::Work;
use super::destination_rules::{self, Clients};
use super::existing::{Setting, Settings, existing, replaced_mtls};
use super::naming::{Selected, Sketch};
use super::subjects::Subject;
use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::{NewKind, plain};
use crate::finding::Finding;
use crate::finding::catalogue::mtls as codes;
use crate::mesh::Mesh;
use crate::yaml::{Notes, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// A PeerAuthentication to be.
#[derive(Clone, Debug)]
struct Planned<'a> {
    namespace: String,
    selector: Labels,
    /// The comments of the targets that it comes from.
    selector_notes: Notes,
    mode: Option<MtlsMode>,
    mode_notes: Notes,
    /// By **container** port, with the comments of the target ports that meant it.
    ports: BTreeMap<u16, (MtlsMode, Notes)>,
    from: Vec<&'a AuthenticationPolicy>,
    part: Option<Selected>,
}

/// Converts the peers of every policy.
pub(super) fn convert(work: &mut Work<'_>) {
    let root = work.root();
    let existing = Settings::new(root, existing(work.mesh()));
    let mut planned = scopes::plan(work, &existing);
    let base = Base(existing.with(planned.iter().map(Planned::setting)));
    planned.extend(workloads::plan(work, &existing, &base));
    let after = existing.with(planned.iter().map(Planned::setting));
    check_result(work, &existing, &after);
    let clients = Clients::new(work.mesh());
    remarks::report(work, &planned, &base, &clients);
    destination_rules::report(work, &clients, &existing, &after);
    for object in planned {
        work.sketches.push(object.sketch());
    }
}

/// The mode that a legacy mode becomes in a namespace: `--plaintext permissive` and ambient namespaces cannot keep
/// plaintext-only ports.
fn new_mode(work: &Work<'_>, namespace: &str, mode: MtlsMode) -> MtlsMode {
    let keeps_plaintext_only = !work.facts.context.options.plaintext_permissive && !is_ambient(work, namespace);
    match mode {
        MtlsMode::Disable if !keeps_plaintext_only => MtlsMode::Permissive,
        mode => mode,
    }
}

/// True when ztunnel, not a sidecar, carries traffic that a policy of this namespace reaches (E93).
fn is_ambient(work: &Work<'_>, namespace: &str) -> bool {
    work.facts.ambient.contains(namespace)
}

/// The namespaces where that is so: they ask for it, or some of their pods do. What is said in the root namespace
/// reaches them all.
pub(super) fn ambient_namespaces(mesh: &Mesh, subjects: &[Subject<'_>]) -> BTreeSet<String> {
    let asking = mesh.namespaces.iter().map(|object| &object.meta.name).filter(|name| mesh.is_ambient_namespace(name));
    let pods = subjects.iter().filter(|subject| mesh.is_ambient(&subject.workload));
    let mut found: BTreeSet<String> = asking.cloned().collect();
    found.extend(pods.map(|subject| subject.namespace().to_owned()));
    if !found.is_empty() {
        found.insert(mesh.settings.root_namespace.clone());
    }
    found
}

/// What a port gets that no workload-level object speaks of: the objects for namespaces and for the mesh.
#[derive(Debug)]
struct Base(Settings);

impl Base {
    fn mode(&self, namespace: &str) -> MtlsMode {
        self.0.compose(namespace, &Labels::new()).mode(0)
    }
}

impl<'a> Planned<'a> {
    fn setting(&self) -> Setting {
        Setting {
            namespace: self.namespace.clone(),
            selector: self.selector.clone(),
            mode: self.mode,
            ports: self.ports.iter().map(|(number, (mode, _))| (*number, Some(*mode))).collect(),
            place: None,
        }
    }

    fn sketch(self) -> Sketch<'a> {
        let mut spec = Vec::new();
        if !self.selector.is_empty() {
            let (_, key, selector) = selector_entry(&self.selector);
            spec.push((self.selector_notes, key, selector));
        }
        if let Some(mode) = self.mode {
            let mode = (self.mode_notes, "mode".to_owned(), Tree::from(serde_json::Value::from(mode.word())));
            spec.push((Notes::default(), "mtls".to_owned(), Tree::Map(vec![mode])));
        }
        if !self.ports.is_empty() {
            let entry = |(number, (mode, notes)): (u16, (MtlsMode, Notes))| {
                (notes, number.to_string(), Tree::Map(vec![plain("mode", serde_json::Value::from(mode.word()))]))
            };
            let ports = self.ports.into_iter().map(entry).collect();
            spec.push((Notes::default(), "portLevelMtls".to_owned(), Tree::Map(ports)));
        }
        Sketch {
            kind: NewKind::Peer,
            namespace: self.namespace,
            from: self.from,
            part: self.part,
            comment: Vec::new(),
            spec: Tree::Map(spec),
        }
    }
}

/// `selector: {matchLabels: ...}`.
pub(super) fn selector_entry(selector: &Labels) -> (Notes, String, Tree) {
    let labels = selector.iter().map(|(key, value)| plain(key, serde_json::Value::from(value.as_str()))).collect();
    (
        Notes::default(),
        "selector".to_owned(),
        Tree::Map(vec![(Notes::default(), "matchLabels".to_owned(), Tree::Map(labels))]),
    )
}

/// Looks at the result as the target mesh will: for every known port, is it what was enforced? Where an object of the
/// input wins over a planned one it is not (E88), and the policies concerned are refused.
fn check_result(work: &mut Work<'_>, existing: &Settings, after: &Settings) {
    if existing.is_empty() {
        return;
    }
    let root = work.root();
    for subject in work.subjects().iter().filter(|subject| !subject.gateway && subject.namespace() != root) {
        let replaced = replaced_mtls(work.mesh(), existing, subject);
        let before = existing.compose(subject.namespace(), subject.labels());
        let result = after.compose(subject.namespace(), subject.labels());
        for port in &subject.ports {
            let wanted = if replaced {
                before.mode(port.number)
            } else {
                new_mode(work, subject.namespace(), port.effective.mode)
            };
            let got = result.mode(port.number);
            if wanted != got {
                mismatch(work, subject, port.number, (wanted, got), result.any());
            }
        }
    }
}

/// Refuses the policy whose port comes out wrong; without one, the policy whose new object changed it.
fn mismatch(
    work: &mut Work<'_>,
    subject: &Subject<'_>,
    number: u16,
    (wanted, got): (MtlsMode, MtlsMode),
    winner: Option<&Setting>,
) {
    let on_port = subject.ports.iter().find(|port| port.number == number).and_then(|port| port.effective.policy);
    let inherited = work.policies().inherited(subject.namespace()).policy;
    let Some(policy) = on_port.or(inherited) else { return };
    let message = format!(
        "Container port {number} of {} was {}, but with the PeerAuthentication already in the input it would be {}.",
        subject.workload.meta.object(),
        wanted.word(),
        got.word()
    );
    let remedy = format!(
        "Set container port {number} to {} in the existing PeerAuthentication, then run meshlift again.",
        wanted.word()
    );
    let mut finding = Finding::new(codes::EXISTING_PEER, message).remedy(remedy);
    if let Some(place) = winner.and_then(|setting| setting.place.clone()) {
        finding = finding.related(place, "the PeerAuthentication that decides");
    }
    work.refuse(policy, finding);
}
