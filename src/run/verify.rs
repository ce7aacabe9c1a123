//! `verify`: compares two sets of manifests, any mix of old and new kinds on either side.

use super::{Loaded, Reading, fill, proof};
use crate::access::{self, Side, World};
use crate::finding::Finding;
use crate::mesh::Mesh;
use crate::report::{Purpose, Report, Summary};

/// Two sides, read.
#[derive(Debug)]
pub struct Comparison {
    /// The set before.
    pub before: Loaded,
    /// The set after.
    pub after: Loaded,
}

/// Compares environment by environment: those with the same folder, or the only ones there are.
pub fn verify(comparison: &Comparison, reading: &Reading, strict: bool) -> Report {
    let options = access::Options { strict, budget: proof::BUDGET };
    let empty = Mesh::new(reading.settings.clone());
    let mut verdicts = Vec::new();
    for (before, after) in pairs(comparison) {
        let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        verdicts.extend(access::prove(side(before), side(after), &options));
    }
    let mut findings: Vec<Finding> = Vec::new();
    for loaded in [&comparison.before, &comparison.after] {
        findings.extend(loaded.findings.iter().cloned());
        findings.extend(loaded.world.findings.iter().cloned());
    }
    let mut sources = fill::sources(&comparison.before, &findings);
    sources.extend(fill::sources(&comparison.after, &findings));
    let both = |count: fn(&Loaded) -> usize| count(&comparison.before) + count(&comparison.after);
    let mut report = Report {
        summary: Summary {
            files: both(|loaded| loaded.seen),
            documents: both(|loaded| loaded.documents),
            legacy: both(|loaded| loaded.world.legacy.len()),
            skipped: both(|loaded| loaded.skipped),
            ..Summary::default()
        },
        verification: verdicts.into_iter().map(fill::verification).collect(),
        purpose: Purpose::Compare,
        findings,
        sources,
        ..Report::default()
    };
    report.sort();
    report
}

/// A side that holds old objects ran on the source release; one without runs on the target.
fn side(mesh: &Mesh) -> Side<'_> {
    let legacy = !(mesh.authentication.is_empty() && mesh.configs.is_empty() && mesh.roles.is_empty() && mesh.bindings.is_empty());
    Side { mesh, world: if legacy { World::Source } else { World::Target } }
}

/// Environments to compare with each other. A side with one environment is compared as a whole.
fn pairs(comparison: &Comparison) -> Vec<(Option<&Mesh>, Option<&Mesh>)> {
    let (before, after) = (&comparison.before.world.environments, &comparison.after.world.environments);
    if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
        return vec![(Some(&before.mesh), Some(&after.mesh))];
    }
    let mut roots: Vec<&str> = before.iter().chain(after).map(|environment| environment.root.as_str()).collect();
    roots.sort_unstable();
    roots.dedup();
    let find = |list: &'_ [crate::mesh::Environment], root: &str| list.iter().position(|environment| environment.root == root);
    roots
        .into_iter()
        .map(|root| {
            let at = |list: &'_ [crate::mesh::Environment]| find(list, root);
            (at(before).map(|i| &before[i].mesh), at(after).map(|i| &after[i].mesh))
        })
        .collect()
}
