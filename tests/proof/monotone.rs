//! Nothing rests on a guess: what was concluded from some documents stays true when true ones are added.
//!
//! The documents of a mesh are added one by one, in any order or the old objects first. After every step the documents so
//! far are converted as an open view: nothing is closed, because more is to come. Then, for every step whose result would
//! be written (exit 0, or a loss that was said):
//!
//! 1. **Never wider than the truth.** On the mesh of the old objects so far and of *all* its Services, workloads and
//!    Namespaces, also those to come, the result grants nothing that the old objects did not, and what is narrower was
//!    said. This holds in particular where the step before was refused; and so exit 0 never becomes a loss in silence.
//! 2. **Converted never becomes nothing.** An old object that became something at an earlier step does not become nothing
//!    while only Services, workloads, Namespaces, roles and bindings were added: none of these takes the effect of another
//!    object away. (A config, a Policy, a MeshPolicy and a current policy do: they say where and what is enforced.)
//!
//! One exception to both, counted: a Service was added that `oldest-service` took for younger, or `no-other-service` for
//! not there.

use super::mesh::{Scene, whole};
use super::truth::{self, Effect};
use super::{Document, run, runner};
use meshlift::finding::ObjectRef;
use meshlift::finding::catalogue::given::{NO_OTHER_SERVICE, OLDEST_SERVICE};
use meshlift::mesh::Completeness;
use meshlift::run::Done;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

/// What became of the steps of a run.
#[derive(Debug, Default)]
struct Tally {
    meshes: u32,
    steps: u32,
    refused: u32,
    written: u32,
    /// Written, and something was taken for granted.
    with_assumptions: u32,
    /// Written after a step that was refused.
    refused_then_written: u32,
    /// Refused after a step that was written.
    written_then_refused: u32,
    /// Written: something is lost, as was said.
    announced: u32,
    /// Written: a Service to come is older than the one that was taken for the oldest.
    older_service: u32,
    /// Old objects that became nothing after they had become something, because an older Service was added.
    nothing_after_all: u32,
}

/// A mesh whose documents are added in this order.
#[derive(Clone, Debug)]
struct Growing(Scene);

fn growing() -> impl Strategy<Value = Growing> {
    (whole(1..=3, 1..=2), prop::collection::vec(any::<u32>(), 24), any::<bool>()).prop_map(
        |(mut scene, order, old_first)| {
            let documents = std::mem::take(&mut scene.documents);
            let mut keyed: Vec<(bool, u32, Document)> = documents
                .into_iter()
                .zip(order.into_iter().cycle())
                .map(|(document, key)| (old_first && is_inventory(&document), key, document))
                .collect();
            keyed.sort_by_key(|(later, key, _)| (*later, *key));
            scene.documents = keyed.into_iter().map(|(_, _, document)| document).collect();
            scene.complete = Completeness::Open;
            Growing(scene)
        },
    )
}

fn is_inventory(document: &Document) -> bool {
    ["Service", "Deployment", "Namespace"].iter().any(|kind| document.is(kind))
}

/// True for a document that takes no effect away from the others.
fn only_adds(document: &Document) -> bool {
    is_inventory(document) || document.is("ServiceRole") || document.is("ServiceRoleBinding")
}

#[test]
#[allow(clippy::expect_used, clippy::panic, reason = "a test fails by them")]
fn what_was_concluded_stays_true_when_documents_are_added() {
    let tally = Mutex::new(Tally::default());
    let outcome = runner(1_000).run(&growing(), |Growing(scene)| {
        let mut past = Past::default();
        for count in 1..=scene.documents.len() {
            let (so_far, to_come) = scene.documents.split_at(count);
            let view = Scene { documents: so_far.to_vec(), ..scene.clone() };
            let folder = tempfile::tempdir()?;
            fs::write(folder.path().join(run::FILE), view.yaml())?;
            let done = run::convert(&view, folder.path(), false);
            past.step(&view, to_come, &done)
                .map_err(|fault| TestCaseError::fail(format!("document {count}: {fault}\n{}", run::said(&done))))?;
        }
        past.count(&mut tally.lock().expect("no test panics while counting"));
        Ok(())
    });
    let tally = tally.into_inner().expect("no test panics while counting");
    println!("{tally:#?}");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(tally.refused_then_written * 50 >= tally.meshes, "too little happens to show anything");
}

/// What happened up to a step.
#[derive(Default)]
struct Past {
    tally: Tally,
    /// True when the last step was written; `None` before there was anything to convert.
    last: Option<bool>,
    /// Old objects that became something, and whether that rested on the age of a Service.
    converted: BTreeMap<ObjectRef, bool>,
}

impl Past {
    fn step(&mut self, view: &Scene, to_come: &[Document], done: &Done) -> Result<(), String> {
        self.tally.steps += 1;
        if run::about_the_tool(done) {
            return Err("meshlift contradicts itself".to_owned());
        }
        if view.documents.last().is_some_and(|added| !only_adds(added)) {
            self.converted.clear();
        }
        let written = done.may_write && !done.changes.is_empty();
        self.tally.refused += u32::from(!done.may_write);
        if !written {
            self.tally.written_then_refused += u32::from(!done.may_write && self.last == Some(true));
            self.last = (!done.may_write).then_some(false).or(self.last);
            return Ok(());
        }
        self.tally.written += 1;
        self.tally.with_assumptions += u32::from(!done.report.assumptions.is_empty());
        self.tally.refused_then_written += u32::from(self.last == Some(false));
        self.last = Some(true);
        let inventory: Vec<&Document> = to_come.iter().filter(|document| is_inventory(document)).collect();
        self.compare(&truth::applied(view, &inventory, done))?;
        self.fates(done)
    }

    fn compare(&mut self, effect: &Effect) -> Result<(), String> {
        self.tally.announced += u32::from(effect.announced > 0);
        self.tally.older_service += u32::from(effect.older > 0);
        effect.faults().map_or(Ok(()), Err)
    }

    /// What was something is not nothing now.
    fn fates(&mut self, done: &Done) -> Result<(), String> {
        let rests_on_age = |object: &ObjectRef| {
            done.report.assumptions.iter().any(|assumption| {
                let near = assumption.object.as_ref().is_none_or(|about| about.namespace == object.namespace);
                [OLDEST_SERVICE, NO_OTHER_SERVICE].contains(&assumption.code) && near
            })
        };
        for conversion in &done.report.conversions {
            for old in &conversion.from {
                match (conversion.to.is_empty(), self.converted.get(&old.object)) {
                    (true, Some(false)) => return Err(format!("{} was something and becomes nothing", old.object)),
                    (true, Some(true)) => self.tally.nothing_after_all += 1,
                    (true, None) => {}
                    (false, _) => drop(self.converted.insert(old.object.clone(), rests_on_age(&old.object))),
                }
            }
        }
        Ok(())
    }

    fn count(self, total: &mut Tally) {
        let mine = self.tally;
        total.meshes += 1;
        total.steps += mine.steps;
        total.refused += mine.refused;
        total.written += mine.written;
        total.with_assumptions += mine.with_assumptions;
        total.refused_then_written += mine.refused_then_written;
        total.written_then_refused += mine.written_then_refused;
        total.announced += mine.announced;
        total.older_service += mine.older_service;
        total.nothing_after_all += mine.nothing_after_all;
    }
}
