//! Convert, then prove: equal, or explained.

use super::mesh::{Scene, scene};
use super::run::{self, about_the_tool, said};
use super::runner;
use meshlift::finding::{Direction, Severity};
use meshlift::report::{self, Style, Verdict, Verification};
use meshlift::run::Done;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

/// What became of the meshes of a run.
#[derive(Debug, Default)]
struct Tally {
    meshes: u32,
    proved: u32,
    refused: BTreeMap<String, u32>,
    verdicts: BTreeMap<&'static str, u32>,
}

#[test]
fn every_conversion_keeps_access_or_says_what_it_changes() {
    let tally = Mutex::new(Tally::default());
    let outcome = runner(2_000).run(&scene(), |scene| {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(run::FILE), scene.yaml())?;
        let done = run::convert(&scene, folder.path(), false);
        explained(&scene, &done)?;
        deterministic(&done, &run::convert(&scene, folder.path(), false))?;
        let refused = done.report.summary.refused > 0;
        if refused {
            prop_assert!(!done.may_write, "something was refused, and the rest would be written");
            let rest = run::convert(&scene, folder.path(), true);
            prop_assert!(!about_the_tool(&rest), "{}", said(&rest));
        } else if done.may_write {
            for change in &done.changes {
                fs::write(folder.path().join(run::FILE), change.new.as_bytes())?;
            }
            let again = run::convert(&scene, folder.path(), false);
            prop_assert!(again.changes.is_empty(), "a second run changes again\n{}", said(&again));
        }
        count(&mut tally.lock().expect("no test panics while counting"), &done);
        Ok(())
    });
    let tally = tally.into_inner().expect("no test panics while counting");
    println!("{tally:#?}");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(tally.proved * 4 >= tally.meshes, "too few meshes are converted to show anything");
}

/// Equal, or narrower and said so, or wider and allowed by name.
fn explained(scene: &Scene, done: &Done) -> Result<(), TestCaseError> {
    prop_assert!(!about_the_tool(done), "{}", said(done));
    if !done.may_write {
        // Something was refused or waits to be accepted by name; the findings say what.
        return Ok(());
    }
    let accepted = run::options(scene).allow;
    for verification in &done.report.verification {
        let announced = |direction| {
            done.report.findings.iter().any(|finding| {
                finding.direction == direction && (direction == Direction::Narrower || accepted.contains(&finding.code))
            })
        };
        let (wider, narrower) = match verification.verdict {
            Verdict::Equal => (false, false),
            Verdict::Narrower => (false, true),
            Verdict::Wider => (true, false),
            Verdict::Different => (true, true),
            Verdict::Undecided => return Err(TestCaseError::fail(format!("undecided\n{}", said(done)))),
        };
        prop_assert!(!wider || announced(Direction::Wider), "wider\n{}", said(done));
        // What is lost where access was exchanged is part of what was allowed by name.
        let lost = announced(Direction::Narrower) || announced(Direction::Wider);
        prop_assert!(!narrower || lost, "narrower\n{}", said(done));
    }
    Ok(())
}

fn deterministic(one: &Done, two: &Done) -> Result<(), TestCaseError> {
    let json = |done: &Done| report::json::render(&done.report, &Style::PLAIN);
    prop_assert_eq!(&one.stream, &two.stream);
    prop_assert_eq!(json(one), json(two));
    Ok(())
}

fn count(tally: &mut Tally, done: &Done) {
    tally.meshes += 1;
    tally.proved += u32::from(!done.report.verification.is_empty());
    for finding in done.report.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        *tally.refused.entry(finding.code.to_string()).or_default() += 1;
    }
    let worst = done.report.verification.iter().map(|Verification { verdict, .. }| *verdict).min();
    *tally.verdicts.entry(worst.map_or("not converted", Verdict::word)).or_default() += 1;
}
