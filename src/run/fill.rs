//! Fills the report's model from what the pipeline found out.

use super::after::ReadBack;
use super::{Loaded, Sources};
use crate::access;
use crate::api::ManifestId;
use crate::convert::ledger::Refusal;
use crate::convert::placement::{Placed, Placement};
use crate::convert::plan::Plan;
use crate::finding::Finding;
use crate::mesh::Input;
use crate::report::{self, Conversion, NewObject, OldObject, Refused, Report, Summary, Verification, Witnesses};
use crate::yaml;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The report of a conversion.
pub fn report(
    loaded: &Loaded,
    plan: &Plan,
    placement: &Placement,
    read_back: &ReadBack,
    verdicts: Vec<access::Verdict>,
    findings: Vec<Finding>,
) -> Report {
    let manifests = &loaded.world.manifests;
    let inert: Vec<ManifestId> = plan.ledger.inert_objects().keys().copied().collect();
    let merged: BTreeSet<ManifestId> = placement.written().flat_map(|placed| placed.from.iter().copied()).collect();
    let ours = |id: &&ManifestId| manifests.get(id.0).is_some_and(|input| !input.inventory);
    let summary = Summary {
        files: loaded.seen,
        documents: loaded.documents,
        legacy: loaded.world.legacy.iter().filter(ours).count(),
        converted: merged.iter().filter(ours).count(),
        refused: plan.ledger.refused().keys().filter(ours).count(),
        inert: inert.iter().filter(|id| !merged.contains(id)).filter(ours).count(),
        generated: placement.written().count(),
        skipped: loaded.skipped,
    };
    let mut conversions = conversions(placement, manifests, read_back);
    conversions.extend(inert.iter().filter(|id| !merged.contains(id)).filter_map(|id| {
        let old = old_object(*id, manifests)?;
        let why = plan.ledger.inert_objects().get(id).map(|code| format!("{} ({code})", code.entry().title));
        Some(Conversion { from: vec![old], to: Vec::new(), inert: why })
    }));
    Report {
        summary,
        conversions,
        verification: verdicts.into_iter().map(verification).collect(),
        relaxations: plan.ledger.relaxations().iter().map(|relaxation| relaxation.name().to_owned()).collect(),
        sources: sources(loaded, &findings),
        findings,
        assumptions: [loaded.world.given.clone(), plan.ledger.assumptions()].concat(),
        refused: refused(plan, manifests),
        ..Report::default()
    }
}

/// The old objects of the input that stay, each with the reason.
fn refused(plan: &Plan, manifests: &[Input]) -> Vec<Refused> {
    let stays = |(id, refusal): (&ManifestId, &Refusal)| {
        let input = manifests.get(id.0).filter(|input| !input.inventory)?;
        let place = input.manifest.place("");
        Some(Refused {
            object: input.object(),
            file: place.file.to_string(),
            line: place.line,
            because: refusal.because.name().to_owned(),
            with: refusal.with.and_then(|with| manifests.get(with.0)).map(Input::object),
        })
    };
    plan.ledger.refused().iter().filter_map(stays).collect()
}

/// One conversion per group of new objects that come from the same old ones.
fn conversions(placement: &Placement, manifests: &[Input], read_back: &ReadBack) -> Vec<Conversion> {
    let mut groups: BTreeMap<Vec<ManifestId>, Vec<&Placed>> = BTreeMap::new();
    for placed in placement.written() {
        groups.entry(placed.from.clone()).or_default().push(placed);
    }
    groups
        .into_par_iter()
        .map(|(from, group)| Conversion {
            from: from.iter().filter_map(|id| old_object(*id, manifests)).collect(),
            to: group.into_iter().map(|placed| new_object(placed, manifests, read_back)).collect(),
            inert: None,
        })
        .collect()
}

fn old_object(id: ManifestId, manifests: &[Input]) -> Option<OldObject> {
    let input = manifests.get(id.0)?;
    let place = input.manifest.place("");
    Some(OldObject {
        file: place.file.to_string(),
        line: place.line,
        object: input.object(),
        text: input.manifest.source().to_string(),
    })
}

fn new_object(placed: &Placed, manifests: &[Input], read_back: &ReadBack) -> NewObject {
    let home = placed.from.first().and_then(|id| manifests.get(id.0)).map(|input| input.manifest.place(""));
    let file = home.as_ref().map(|place| place.file.to_string()).unwrap_or_default();
    let line = read_back.find(placed, manifests).map(|manifest| manifest.place("").line);
    NewObject {
        object: placed.object.clone(),
        file,
        line: line.unwrap_or_else(|| home.map_or(1, |place| place.line)),
        text: yaml::emit(&placed.tree),
    }
}

/// A verdict as the report shows it.
pub fn verification(verdict: access::Verdict) -> Verification {
    let (word, sampled) = match verdict.outcome {
        access::Outcome::Different => (report::Verdict::Different, 0),
        access::Outcome::Wider => (report::Verdict::Wider, 0),
        access::Outcome::Narrower => (report::Verdict::Narrower, 0),
        access::Outcome::Equal => (report::Verdict::Equal, 0),
        access::Outcome::Undecided(sampled) => (report::Verdict::Undecided, sampled),
    };
    Verification {
        workload: verdict.workload,
        port: verdict.port,
        transport: match verdict.transport {
            access::Transport::Http => report::Transport::Http,
            access::Transport::Tcp => report::Transport::Tcp,
        },
        verdict: word,
        relaxations: verdict.relaxations.iter().map(|relaxation| relaxation.name().to_owned()).collect(),
        witness: Witnesses { wider: verdict.wider.map(witness), narrower: verdict.narrower.map(witness) },
        unseen_service: verdict.unseen_service,
        stand_in: verdict.stand_in,
        undecided: match verdict.doubt {
            Some(access::Doubt::OutOfBudget(at)) => Some(report::Undecided::OutOfBudget { at, sampled }),
            Some(access::Doubt::Impossible(what)) => Some(report::Undecided::InternalError { what: what.to_owned() }),
            Some(access::Doubt::NotUnderstood) => Some(report::Undecided::NotUnderstood),
            None => None,
        },
    }
}

fn witness(witness: access::Witness) -> report::Witness {
    let decision = |decider: access::Decider| report::Decision {
        allowed: decider.allowed,
        reason: decider.reason,
        at: decider.at,
    };
    report::Witness {
        request: witness.request,
        curl: witness.curl,
        before: decision(witness.old),
        after: decision(witness.new),
    }
}

/// The texts of the files that findings point into.
pub fn sources(loaded: &Loaded, findings: &[Finding]) -> Sources {
    let places =
        findings.iter().flat_map(|finding| finding.place.iter().chain(finding.related.iter().map(|(place, _)| place)));
    places
        .filter_map(|place| {
            let file = loaded.files.get(&place.file)?;
            Some((place.file.clone(), file.stream.text.clone()))
        })
        .collect()
}
