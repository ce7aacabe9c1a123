//! Nothing rests on a guess: what is written for a part of a mesh is right for the whole mesh.
//!
//! From a whole mesh, 10 to 50 % of the Services, workloads and Namespaces are hidden. The rest is converted as a user
//! would convert a repository: nothing is closed, or some kinds of which nothing is hidden. What was written is applied to
//! the whole mesh, and compared with the whole mesh as it was, by `meshlift::access`: nothing is wider, and what is
//! narrower was said.
//!
//! One exception, counted: the assumption that no Service is older (`oldest-service`, wider if false) is false where a
//! hidden one governs the same container port of the same pods.

use super::mesh::{Scene, whole};
use super::truth::{self, Effect};
use super::{Document, run, runner};
use meshlift::finding::Severity;
use meshlift::mesh::{Completeness, InventoryKind};
use meshlift::run::Done;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;

/// A mesh and what the conversion does not see of it.
#[derive(Clone, Debug)]
struct Partial {
    /// What is shown, and how it is converted.
    view: Scene,
    hidden: Vec<Document>,
}

/// What became of the views of a run.
#[derive(Debug, Default)]
struct Tally {
    meshes: u32,
    refused: u32,
    nothing_to_do: u32,
    converted: u32,
    with_assumptions: u32,
    /// Of the converted: the whole mesh is as it was.
    equal: u32,
    /// Of the converted: something is lost, as was said.
    announced: u32,
    /// Of the converted: a hidden Service is older than the one that was taken for the oldest.
    older_service: u32,
    refusals: BTreeMap<String, u32>,
    assumptions: BTreeMap<String, u32>,
}

#[test]
#[allow(clippy::expect_used, clippy::panic, reason = "a test fails by them")]
fn what_is_written_for_a_part_is_right_for_the_whole() {
    let tally = Mutex::new(Tally::default());
    let outcome = runner(1_000).run(&partial(), |partial| {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(run::FILE), partial.view.yaml())?;
        let done = run::convert(&partial.view, folder.path(), false);
        let effect = (done.may_write && !done.changes.is_empty())
            .then(|| truth::applied(&partial.view, &partial.hidden.iter().collect::<Vec<_>>(), &done));
        let faults = effect.as_ref().and_then(Effect::faults);
        let faults = faults.or_else(|| run::about_the_tool(&done).then(|| "meshlift contradicts itself".to_owned()));
        if let Some(faults) = faults {
            return Err(TestCaseError::fail(format!("{faults}\n{}", run::said(&done))));
        }
        count(&mut tally.lock().expect("no test panics while counting"), &done, effect.as_ref());
        Ok(())
    });
    let tally = tally.into_inner().expect("no test panics while counting");
    println!("{tally:#?}");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // Nothing is taken for granted with `--strict`, so little of a part is converted.
    let least = if super::mesh::only_strict() { 20 } else { 8 };
    assert!(tally.converted * least >= tally.meshes, "too few views are converted to show anything");
}

/// The kind that is hidden with this document, if documents like it are.
fn hideable(document: &Document) -> Option<InventoryKind> {
    let kinds = [
        ("Service", InventoryKind::Service),
        ("Deployment", InventoryKind::Workload),
        ("Namespace", InventoryKind::Namespace),
    ];
    kinds.into_iter().find(|(kind, _)| document.is(kind)).map(|(_, kind)| kind)
}

/// A whole mesh, 10 to 50 % of its inventory hidden, and kinds closed that are: none of them, or some.
fn partial() -> impl Strategy<Value = Partial> {
    let closing = prop::option::of(any::<u16>());
    (whole(2..=4, 1..=3), prop::collection::vec(any::<u32>(), 24), 10..=50_usize, closing).prop_map(
        |(mut view, order, percent, closing)| {
            let mut inventory: Vec<usize> = (0..view.documents.len())
                .filter(|index| view.documents.get(*index).and_then(hideable).is_some())
                .collect();
            inventory.sort_by_key(|index| order.get(*index % order.len().max(1)));
            inventory.truncate((inventory.len() * percent / 100).max(1));
            let documents = std::mem::take(&mut view.documents);
            let (mut hidden, mut shown) = (Vec::new(), Vec::new());
            for (index, document) in documents.into_iter().enumerate() {
                if inventory.contains(&index) { hidden.push(document) } else { shown.push(document) }
            }
            let open: BTreeSet<InventoryKind> = hidden.iter().filter_map(hideable).collect();
            let asked = |bits: u16, at: usize| bits == 0 || bits.rotate_right(at as u32) & 1 == 1;
            view.complete = closing.map_or(Completeness::Open, |bits| {
                let kinds = InventoryKind::ALL.into_iter().enumerate();
                let closed = kinds.filter(|(at, kind)| !open.contains(kind) && asked(bits, *at));
                Completeness::Kinds(closed.map(|(_, kind)| kind).collect())
            });
            view.documents = shown;
            Partial { view, hidden }
        },
    )
}

fn count(tally: &mut Tally, done: &Done, effect: Option<&Effect>) {
    tally.meshes += 1;
    for finding in done.report.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        *tally.refusals.entry(finding.code.to_string()).or_default() += 1;
    }
    let Some(effect) = effect else {
        tally.refused += u32::from(!done.may_write);
        tally.nothing_to_do += u32::from(done.may_write);
        return;
    };
    tally.converted += 1;
    tally.with_assumptions += u32::from(!done.report.assumptions.is_empty());
    tally.equal += u32::from(effect.announced == 0 && effect.older == 0);
    tally.announced += u32::from(effect.announced > 0);
    tally.older_service += u32::from(effect.older > 0);
    for assumption in &done.report.assumptions {
        *tally.assumptions.entry(assumption.code.to_string()).or_default() += 1;
    }
}
