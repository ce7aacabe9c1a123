//! What was written for the part of a mesh that the input shows, held against a mesh that has more in it.

use super::Document;
use super::mesh::Scene;
use super::run;
use meshlift::access::{self, Budget, Options, Outcome, Side, Verdict, Witness, World};
use meshlift::api::Labels;
use meshlift::finding::catalogue::given::OLDEST_SERVICE;
use meshlift::finding::catalogue::mtls::UNDECLARED_PORTS;
use meshlift::finding::{Direction, Finding, ObjectRef};
use meshlift::mesh::{BuildOptions, Completeness, Input, InventoryKind, Mesh, build};
use meshlift::report::Report;
use meshlift::run::Done;
use meshlift::yaml::Stream;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the new objects of a partial view do to the whole mesh.
#[derive(Debug, Default)]
pub struct Effect {
    /// Access that nobody had before. There must be none.
    pub wider: Vec<String>,
    /// Access that is lost, and that neither a finding nor an assumption speaks of. There must be none.
    pub silent: Vec<String>,
    /// Comparisons that could not be finished. There must be none.
    pub undecided: Vec<String>,
    /// Access that is lost, as was said.
    pub announced: usize,
    /// Access that nobody had before, where the assumption that no Service is older is false: a hidden one is.
    pub older: usize,
}

impl Effect {
    /// Everything that must not be, in words.
    pub fn faults(&self) -> Option<String> {
        let all = [("wider", &self.wider), ("narrower in silence", &self.silent), ("undecided", &self.undecided)];
        let told: Vec<String> =
            all.iter().flat_map(|(word, list)| list.iter().map(move |one| format!("{word}: {one}"))).collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }
}

/// The mesh that these manifests are all of.
#[allow(clippy::expect_used, reason = "a test fails by them")]
fn closed(scene: &Scene, text: &str) -> Mesh {
    let stream = Stream::parse(run::FILE, Arc::from(text));
    let inputs = stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect();
    let settings = run::reading(scene).settings;
    let options = BuildOptions { settings, one_mesh: true, complete: Completeness::All, ..BuildOptions::default() };
    build(inputs, &options).environments.into_iter().next().map_or_else(|| Mesh::new(options.settings), |one| one.mesh)
}

/// Applies what was written for a view to the mesh that also holds the `hidden` documents.
pub fn applied(view: &Scene, hidden: &[&Document], done: &Done) -> Effect {
    let hidden: Vec<&str> = hidden.iter().map(|document| document.text.as_str()).collect();
    let whole = |text: &str| closed(view, &[&[text], hidden.as_slice()].concat().join("\n---\n"));
    let written = done.changes.first().map_or_else(|| view.yaml(), |change| change.new.to_string());
    let services = view.documents.iter().filter(|document| document.is("Service"));
    let shown = services.filter_map(Document::object).collect();
    effect(&whole(&view.yaml()), &whole(&written), view, &shown, &done.report)
}

/// Compares the whole mesh before and after what was written for the `view`; `shown` are the Services that the conversion saw, `report` is what it said.
fn effect(before: &Mesh, after: &Mesh, view: &Scene, shown: &BTreeSet<ObjectRef>, report: &Report) -> Effect {
    // Where the view was told that it shows every workload, the pods of a Service without any do not exist.
    let no_other_pods =
        matches!(&view.complete, Completeness::Kinds(kinds) if kinds.contains(&InventoryKind::Workload));
    let (old, new) = (Side { mesh: before, world: World::Source }, Side { mesh: after, world: World::Target });
    let mut effect = Effect::default();
    for verdict in access::prove(old, new, &Options { strict: view.strict, budget: Budget::default() }) {
        if verdict.stand_in && no_other_pods {
            continue;
        }
        let (wider, narrower) = match verdict.outcome {
            Outcome::Equal => continue,
            Outcome::Undecided(_) => {
                effect.undecided.push(told(&verdict, None));
                continue;
            }
            Outcome::Wider => (true, false),
            Outcome::Narrower => (false, true),
            Outcome::Different => (true, true),
        };
        // The mesh is whole: pods that no manifest of it shows do not exist.
        if wider && is_real(verdict.wider.as_ref()) {
            if an_older_service_is_hidden(before, &verdict, shown, report) {
                effect.older += 1;
            } else {
                effect.wider.push(told(&verdict, verdict.wider.as_ref()));
            }
        }
        if narrower && is_real(verdict.narrower.as_ref()) {
            if was_said(report, &verdict) {
                effect.announced += 1;
            } else {
                effect.silent.push(told(&verdict, verdict.narrower.as_ref()));
            }
        }
    }
    effect
}

fn is_real(witness: Option<&Witness>) -> bool {
    witness.is_none_or(|witness| witness.supposed == Labels::new())
}

fn told(verdict: &Verdict, witness: Option<&Witness>) -> String {
    format!("{} port {:?} {:?}\n{witness:#?}", verdict.workload, verdict.port, verdict.transport)
}

/// True when ANY finding or assumption about the namespace or about the whole mesh says that access may be lost.
fn was_said(report: &Report, verdict: &Verdict) -> bool {
    let here = |object: &Option<ObjectRef>| {
        object.as_ref().is_none_or(|object| {
            object.namespace.is_empty() || object.kind == "RbacConfig" || object.namespace == verdict.workload.namespace
        })
    };
    // What is said about ports that no Service declares says nothing about the others.
    let about_the_port = |finding: &&Finding| finding.code != UNDECLARED_PORTS || verdict.port.is_none();
    let findings = report.findings.iter().filter(about_the_port).map(|finding| (finding.direction, &finding.object));
    let assumptions = report.assumptions.iter().map(|assumption| (assumption.if_false, &assumption.object));
    findings.chain(assumptions).any(|(direction, object)| direction == Direction::Narrower && here(object))
}

/// True when the report takes for granted that a Service is the oldest one of this port, and a Service that was not shown
/// is older.
fn an_older_service_is_hidden(whole: &Mesh, verdict: &Verdict, shown: &BTreeSet<ObjectRef>, report: &Report) -> bool {
    let is_shown = |name: &str| shown.contains(&ObjectRef::new("Service", &verdict.workload.namespace, name));
    let subjects = whole.subjects();
    let Some(workload) = subjects.iter().find(|subject| subject.meta.object() == verdict.workload) else {
        return false;
    };
    let ports = whole.governed_ports(workload);
    let Some(port) = ports.iter().find(|port| Some(port.number) == verdict.port) else { return false };
    if is_shown(&port.service.meta.name) {
        return false;
    }
    let taken_for_granted = |name: &str| {
        report.assumptions.iter().any(|assumption| {
            let about = assumption.object.iter().filter(|object| object.namespace == verdict.workload.namespace);
            let mut names = about.flat_map(|object| object.name.split(", "));
            assumption.code == OLDEST_SERVICE && assumption.if_false == Direction::Wider && names.any(|one| one == name)
        })
    };
    port.shadowed.iter().any(|(service, _)| is_shown(&service.meta.name) && taken_for_granted(&service.meta.name))
}
