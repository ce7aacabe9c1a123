//! Compares two sides, port by port.

use crate::access::logic::formula::Formulas;
use crate::access::logic::impossible::Impossible;
use crate::access::logic::solve::Unfinished;
use crate::access::question::compare::{Comparison, Pair, compare_all, never_made};
use crate::access::question::inventory::{self, Pods, Question};
use crate::access::question::unseen::Unseen;
use crate::access::question::{blame, explain};
use crate::access::worlds::decide::Ruling;
use crate::access::worlds::jwt::preflight;
use crate::access::worlds::subject::Subject;
use crate::access::worlds::{legacy, modern};
use crate::access::{Doubt, Options, Outcome, Relaxation, Side, Verdict, World};
use crate::mesh::Mesh;
use std::collections::{BTreeMap, BTreeSet};

/// A question, and the index of the comparison of its rulings; or what the budget ran out at while they were compiled.
struct Compiled<'a> {
    pods: &'a Pods,
    question: Question<'a>,
    pair: Result<usize, String>,
}

/// One verdict per workload, port and transport, worst first, then by name.
pub fn prove(before: Side<'_>, after: Side<'_>, options: &Options) -> Vec<Verdict> {
    let services = inventory::services(&before, &after);
    let pods = inventory::pods(&before, &after);
    let unseen = Unseen::of(&before, pods.iter().map(|pods| pods.before.meta.namespace.as_str()));
    let mut f = Formulas::default();
    let mut pairs: BTreeMap<Pair, usize> = BTreeMap::new();
    let mut compiled: Vec<Compiled<'_>> = Vec::new();
    let mut spent = 0;
    for pods in &pods {
        let ports = services.governed_ports(&pods.before);
        let declared: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
        let unseen = unseen.in_namespace(&pods.before.meta.namespace);
        for question in inventory::questions(pods, before.world, after.world, services, (&ports, unseen)) {
            let left = options.budget.of_run(f.len()).saturating_sub(spent);
            if left == 0 {
                let pair = Err("the rules of the pods before these".to_owned());
                compiled.push(Compiled { pods, question, pair });
                continue;
            }
            f.allow(left.min(options.budget.question));
            let (old, new) = rulings(&mut f, before, after, &question);
            let free_port = question.before.port.is_none();
            let pair = pair(&mut f, &old, &new, if free_port { declared.clone() } else { BTreeSet::new() });
            spent += f.spent();
            let next = pairs.len();
            let pair = match f.overdrawn() {
                true => Err(blame::rules(&old, &new)),
                false => Ok(*pairs.entry(pair).or_insert(next)),
            };
            compiled.push(Compiled { pods, question, pair });
        }
    }
    let mut ordered: Vec<(Pair, usize)> = pairs.into_iter().collect();
    ordered.sort_by_key(|(_, index)| *index);
    let pairs: Vec<Pair> = ordered.into_iter().map(|(pair, _)| pair).collect();
    let comparisons = compare_all(&f, &pairs, options.strict, &options.budget);
    f.allow(u64::MAX);
    let mut verdicts = Vec::new();
    for one in &compiled {
        let failed;
        let comparison = match one.pair.as_ref().map(|pair| comparisons.get(*pair)) {
            Ok(Some(comparison)) => comparison,
            Ok(None) => {
                failed = Comparison { unfinished: Some(never_made()), ..Comparison::of(Outcome::Undecided(0)) };
                &failed
            }
            Err(_) => {
                failed = Comparison::of(Outcome::Undecided(0));
                &failed
            }
        };
        // Compiled again where they are looked at: the rulings of all questions together would be large.
        let rulings = comparison.needs_rulings().then(|| rulings(&mut f, before, after, &one.question));
        verdicts.push(verdict(&f, one, comparison, rulings.as_ref(), options.strict));
    }
    if let Err(Impossible(what)) = f.intact() {
        // Every verdict may rest on it.
        for verdict in &mut verdicts {
            (verdict.outcome, verdict.doubt) = (Outcome::Undecided(0), Some(Doubt::Impossible(what)));
        }
    }
    merge(verdicts.into_iter())
}

/// How both sides decide.
fn rulings(f: &mut Formulas, before: Side<'_>, after: Side<'_>, question: &Question<'_>) -> (Ruling, Ruling) {
    (ruling(f, before, &question.before), ruling(f, after, &question.after))
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

/// `rulings` are those of the question, where the comparison needs them to be explained.
fn verdict(
    f: &Formulas,
    one: &Compiled<'_>,
    comparison: &Comparison,
    rulings: Option<&(Ruling, Ruling)>,
    strict: bool,
) -> Verdict {
    let subject = &one.question.before;
    let show = |request: &Option<crate::access::logic::request::Request>| {
        let (request, (old, new)) = (request.as_ref()?, rulings?);
        Some(explain::witness(f, request, subject, &one.pods.added, old, new))
    };
    let mut doubt = match (&one.pair, &comparison.unfinished, rulings) {
        (Err(at), ..) => Some(Doubt::OutOfBudget(at.clone())),
        (Ok(_), Some(Unfinished::Costly(costly)), Some((old, new))) => {
            Some(Doubt::OutOfBudget(blame::patterns(f, costly, old, new)))
        }
        (Ok(_), Some(Unfinished::Costly(_)), None) => Some(Doubt::Impossible("a comparison without its rules")),
        (Ok(_), Some(Unfinished::Impossible(Impossible(what))), _) => Some(Doubt::Impossible(what)),
        (Ok(_), None, _) => None,
    };
    let mut outcome = comparison.outcome;
    let mut relaxations = comparison.relaxations.clone();
    let (wider, mut narrower) = (show(&comparison.wider), show(&comparison.narrower));
    if subject.governing.is_none() && !strict {
        // Nothing protected these ports before; that the new policies do is accepted, the opposite never is.
        let accepted = match outcome {
            Outcome::Narrower if doubt.is_some() => Some(Outcome::Undecided(0)),
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
        doubt = Some(Doubt::NotUnderstood);
    }
    let without_witness = (matches!(outcome, Outcome::Wider | Outcome::Different) && wider.is_none())
        || (matches!(outcome, Outcome::Narrower | Outcome::Different) && narrower.is_none());
    if without_witness {
        outcome = Outcome::Undecided(0);
        doubt = Some(Doubt::Impossible("a difference that no request shows"));
    }
    let workload = &subject.workload;
    Verdict {
        workload: workload.meta.object(),
        stand_in: workload.stand_in,
        port: subject.port,
        transport: subject.traffic,
        unseen_service: one.question.unseen,
        outcome,
        doubt,
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
                known.doubt = worse(known.doubt.take(), verdict.doubt);
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

/// The worse of two doubts: that something is impossible hides behind no other.
fn worse(one: Option<Doubt>, other: Option<Doubt>) -> Option<Doubt> {
    match other {
        Some(Doubt::Impossible(_)) => other,
        _ => one.or(other),
    }
}

/// The worse of two outcomes; wider here and narrower there is both.
fn worst(a: Outcome, b: Outcome) -> Outcome {
    match (a, b) {
        (Outcome::Wider, Outcome::Narrower) | (Outcome::Narrower, Outcome::Wider) => Outcome::Different,
        (Outcome::Undecided(a), Outcome::Undecided(b)) => Outcome::Undecided(a.min(b)),
        _ => a.min(b),
    }
}
