//! Compares two sides, port by port.

use super::compare::{Comparison, Pair, compare};
use super::decide::Ruling;
use super::formula::Formulas;
use super::inventory::{self, Pods, Question};
use super::jwt::preflight;
use super::subject::Subject;
use super::unseen::Unseen;
use super::{Options, Outcome, Relaxation, Side, Verdict, World, explain, legacy, modern};
use crate::mesh::Mesh;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A question with both rulings, and the index of their comparison.
struct Compiled<'a> {
    pods: &'a Pods,
    question: Question<'a>,
    old: Ruling,
    new: Ruling,
    pair: usize,
}

/// One verdict per workload, port and transport, worst first, then by name.
pub fn prove(before: Side<'_>, after: Side<'_>, options: &Options) -> Vec<Verdict> {
    let services = inventory::services(&before, &after);
    let pods = inventory::pods(&before, &after);
    let unseen = Unseen::of(&before, pods.iter().map(|pods| pods.before.meta.namespace.as_str()));
    let mut f = Formulas::default();
    let mut pairs: BTreeMap<Pair, usize> = BTreeMap::new();
    let mut compiled: Vec<Compiled<'_>> = Vec::new();
    for pods in &pods {
        let ports = services.governed_ports(&pods.before);
        let declared: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
        let unseen = unseen.in_namespace(&pods.before.meta.namespace);
        for question in inventory::questions(pods, before.world, after.world, services, (&ports, unseen)) {
            let old = ruling(&mut f, before, &question.before);
            let new = ruling(&mut f, after, &question.after);
            let free_port = question.before.port.is_none();
            let pair = pair(&mut f, &old, &new, if free_port { declared.clone() } else { BTreeSet::new() });
            let next = pairs.len();
            let index = *pairs.entry(pair).or_insert(next);
            compiled.push(Compiled { pods, question, old, new, pair: index });
        }
    }
    let mut ordered: Vec<(Pair, usize)> = pairs.into_iter().collect();
    ordered.sort_by_key(|(_, index)| *index);
    let comparisons: Vec<Comparison> =
        ordered.par_iter().map(|(pair, _)| compare(&f, pair, options.strict, options.budget)).collect();
    let verdicts = compiled.iter().filter_map(|one| {
        let comparison = comparisons.get(one.pair)?;
        Some(verdict(&f, one, comparison, options.strict))
    });
    merge(verdicts)
}

/// How one side decides.
fn ruling(f: &mut Formulas, side: Side<'_>, subject: &Subject<'_>) -> Ruling {
    let mesh: &Mesh = side.mesh;
    match side.world {
        World::Source => legacy::ruling(f, mesh, subject),
        World::Target => modern::ruling(f, mesh, subject),
    }
}

fn pair(f: &mut Formulas, old: &Ruling, new: &Ruling, declared: BTreeSet<u16>) -> Pair {
    let (allows_old, allows_new) = (old.allows(f), new.allows(f));
    let (unused, denied) = (f.not(old.uses_token), f.not(allows_new));
    let bad_token = f.all([new.rejects_token, unused]);
    let (preflight, passes) = (preflight(f), f.not(new.rejects_token));
    let preflight_token = f.all([old.rejects_token, passes, preflight]);
    let forbidden = f.not(new.unauthorized);
    let status = f.all([old.unauthorized, denied, forbidden]);
    Pair { old: allows_old, new: allows_new, bad_token, preflight_token, status, declared }
}

fn verdict(f: &Formulas, one: &Compiled<'_>, comparison: &Comparison, strict: bool) -> Verdict {
    let subject = &one.question.before;
    let show = |request: &Option<super::request::Request>| {
        request.as_ref().map(|request| explain::witness(f, request, subject, &one.pods.added, &one.old, &one.new))
    };
    let mut outcome = comparison.outcome;
    let mut relaxations = comparison.relaxations.clone();
    let (wider, mut narrower) = (show(&comparison.wider), show(&comparison.narrower));
    if subject.governing.is_none() && !strict {
        // Nothing protected these ports before; that the new policies do is accepted, the opposite never is.
        let accepted = match outcome {
            Outcome::Narrower => Some(Outcome::Equal),
            Outcome::Different => Some(Outcome::Wider),
            Outcome::Wider | Outcome::Undecided(_) | Outcome::Equal => None,
        };
        if let Some(accepted) = accepted {
            outcome = accepted;
            narrower = None;
            relaxations.insert(Relaxation::UndeclaredPorts);
        }
    }
    if outcome == Outcome::Equal && one.pods.in_doubt {
        outcome = Outcome::Undecided(0);
    }
    let workload = &subject.workload;
    Verdict {
        workload: workload.meta.object(),
        stand_in: workload.stand_in,
        port: subject.port,
        transport: subject.traffic,
        unseen_service: one.question.unseen,
        outcome,
        relaxations,
        wider,
        narrower,
    }
}

/// One verdict per workload, port and transport, where stand-ins come in varieties, and one for all undeclared ports;
/// the worst counts, witnesses of both directions are kept.
fn merge(verdicts: impl Iterator<Item = Verdict>) -> Vec<Verdict> {
    let mut merged: BTreeMap<_, Verdict> = BTreeMap::new();
    for verdict in verdicts {
        let transport = verdict.port.map(|_| verdict.transport);
        let key = (verdict.workload.clone(), verdict.port.is_none(), verdict.port, verdict.unseen_service, transport);
        match merged.get_mut(&key) {
            None => drop(merged.insert(key, verdict)),
            Some(known) => {
                if known.outcome == Outcome::Equal && verdict.outcome != Outcome::Equal {
                    known.transport = verdict.transport;
                }
                known.outcome = worst(known.outcome, verdict.outcome);
                known.relaxations.extend(verdict.relaxations);
                known.wider = known.wider.take().or(verdict.wider);
                known.narrower = known.narrower.take().or(verdict.narrower);
            }
        }
    }
    let mut verdicts: Vec<Verdict> = merged.into_values().collect();
    // Stable: within one outcome the order by name stays.
    verdicts.sort_by_key(|verdict| verdict.outcome);
    verdicts
}

/// The worse of two outcomes; wider here and narrower there is both.
fn worst(a: Outcome, b: Outcome) -> Outcome {
    match (a, b) {
        (Outcome::Wider, Outcome::Narrower) | (Outcome::Narrower, Outcome::Wider) => Outcome::Different,
        (Outcome::Undecided(a), Outcome::Undecided(b)) => Outcome::Undecided(a.min(b)),
        _ => a.min(b),
    }
}
