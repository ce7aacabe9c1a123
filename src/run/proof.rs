//! Runs the proof over every environment, and holds its verdicts against what the conversion had announced.

use super::after::{self, ReadBack};
use super::{Loaded, strangers};
use crate::access::{self, Outcome, Side, World};
use crate::convert::placement::Placement;
use crate::convert::plan::Plan;
use crate::finding::catalogue::plan::{PROOF_UNDECIDED, UNEXPLAINED_DIFFERENCE};
use crate::finding::{Code, Direction, Finding, Severity};
use std::collections::BTreeSet;

/// Solver steps allowed per workload, port and transport.
pub const BUDGET: u64 = 2_000_000;

/// Compares every environment before and after the conversion.
pub fn prove_conversion(
    loaded: &Loaded,
    plan: &Plan,
    placement: &Placement,
    read_back: &ReadBack,
    strict: bool,
) -> Vec<access::Verdict> {
    let options = access::Options { strict, budget: BUDGET };
    loaded
        .world
        .environments
        .iter()
        .filter(|environment| {
            let ids = after::legacy_ids(&environment.mesh);
            placement.placed.iter().any(|placed| placed.from.iter().any(|id| ids.contains(id)))
                || plan.inert.keys().any(|id| ids.contains(id))
        })
        .flat_map(|environment| {
            let after = after::mesh_after(&environment.mesh, placement, read_back, loaded);
            let namespaces = strangers::namespaces(&[&environment.mesh, &after]);
            let (before, after) =
                (strangers::joined(&environment.mesh, &namespaces), strangers::joined(&after, &namespaces));
            access::prove(
                Side { mesh: &before, world: World::Source },
                Side { mesh: &after, world: World::Target },
                &options,
            )
        })
        .collect()
}

/// What the proof found that no finding of the conversion explains.
///
/// Wider is explained only by a finding that the user allowed by name; narrower by any finding that says so; both must
/// be about the workload's namespace or about the whole mesh. After `--keep-going` the refusals explain what is missing.
pub fn unexplained(
    verdicts: &[access::Verdict],
    findings: &[Finding],
    allowed: &BTreeSet<Code>,
    something_refused: bool,
) -> Vec<Finding> {
    let mut unexplained = Vec::new();
    for verdict in verdicts {
        let namespace = &verdict.workload.namespace;
        let about_here = |finding: &&Finding| {
            finding.object.as_ref().is_none_or(|object| object.namespace.is_empty() || object.namespace == *namespace)
        };
        // ANY finding that announced the difference explains it.
        let wider_accepted = findings
            .iter()
            .filter(about_here)
            .any(|finding| finding.direction == Direction::Wider && allowed.contains(&finding.code));
        // What is lost where access was exchanged (DISABLE for STRICT) is part of what the user allowed.
        let narrower_announced = wider_accepted
            || findings.iter().filter(about_here).any(|finding| finding.direction == Direction::Narrower);
        let (wider, narrower) = match verdict.outcome {
            Outcome::Different => (true, true),
            Outcome::Wider => (true, false),
            Outcome::Narrower => (false, true),
            Outcome::Equal => (false, false),
            Outcome::Undecided(sampled) => {
                let severity = if allowed.contains(&PROOF_UNDECIDED) { Severity::Warning } else { Severity::Error };
                let what = port_of(verdict);
                let message = if sampled == 0 {
                    format!(
                        "{what} could not be compared: an object that bears on these pods could not be read or is not understood in full (a Sidecar with ingress listeners, for example), or there are too many combinations"
                    )
                } else {
                    format!("{what} could not be compared completely; {sampled} sampled requests did not differ")
                };
                unexplained
                    .push(Finding::new(PROOF_UNDECIDED, message).on(verdict.workload.clone()).severity(severity));
                (false, false)
            }
        };
        let explained = (!wider || wider_accepted) && (!narrower || narrower_announced);
        if !explained && !something_refused {
            let (direction, word) =
                if wider && !wider_accepted { (Direction::Wider, "more") } else { (Direction::Narrower, "less") };
            let message = format!(
                "{} would grant {word} than before, and nothing in the conversion explains it",
                port_of(verdict)
            );
            unexplained
                .push(Finding::new(UNEXPLAINED_DIFFERENCE, message).on(verdict.workload.clone()).direction(direction));
        }
    }
    unexplained
}

/// The workload and port of a verdict, for sentences.
fn port_of(verdict: &access::Verdict) -> String {
    match verdict.port {
        Some(port) => format!("port {port} of {}", verdict.workload),
        None => format!("the undeclared ports of {}", verdict.workload),
    }
}
