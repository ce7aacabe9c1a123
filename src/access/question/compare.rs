//! Compares two formulas: which requests does one allow and the other deny, with and without relaxations
//! (`inside/design.md` §6.3, §8)?

use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Budget, steps};
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::impossible::{Impossible, Stop};
use crate::access::logic::request::Request;
use crate::access::logic::solve::{Requests, Space, Unfinished};
use crate::access::{Outcome, Relaxation};
use batsat::Lit;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Two rulings as formulas. Equal pairs are compared once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// What the old side allows.
    pub old: Formula,
    /// What the new side allows.
    pub new: Formula,
    /// The new side refuses a token that the old side did not look at or did not need.
    pub bad_token: Formula,
    /// A CORS preflight whose token the old side refuses and the new side does not look at: a RequestAuthentication before
    /// Istio 1.14 and since (`meaning/authn.md` §3.5).
    pub preflight_token: Formula,
    /// The old side answers 401, the new side 403.
    pub status: Formula,
    /// The ports that a free port cannot be.
    pub declared: BTreeSet<u16>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The verdict.
    pub outcome: Outcome,
    /// The relaxations it needs.
    pub relaxations: BTreeSet<Relaxation>,
    /// A request that only the new side allows.
    pub wider: Option<Request>,
    /// A request that only the old side allows.
    pub narrower: Option<Request>,
    /// Why nothing is proved, when nothing is.
    pub unfinished: Option<Unfinished>,
}

/// Requests compared one by one when the solver gives up, if that may cost so much.
const SAMPLES: u64 = 2_000;
/// For all pairs together, the part of the budget of a run that sampling may take again.
const SAMPLING: u64 = 4;

/// The relaxations that leave out requests, in the order in which they are tried to do without.
const LEAVING_OUT: [Relaxation; 6] = [
    Relaxation::HostCase,
    Relaxation::QueryString,
    Relaxation::ClaimForm,
    Relaxation::MixedClaimList,
    Relaxation::BadTokenRejected,
    Relaxation::PreflightToken,
];

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A request that only the new side allows.
    Wider,
    /// A request that only the old side allows.
    Narrower,
    /// A request that is answered with another status.
    Status,
}

/// Which ways two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ways {
    wider: bool,
    narrower: bool,
}

impl Ways {
    fn outcome(self) -> Outcome {
        match (self.wider, self.narrower) {
            (true, true) => Outcome::Different,
            (true, false) => Outcome::Wider,
            (false, true) => Outcome::Narrower,
            (false, false) => Outcome::Equal,
        }
    }
}

/// Compares every pair within a budget for all together. Whatever is proved within it is what would be proved without.
///
/// The budget is shared out in rounds: what the pairs that needed less than their share leave over goes to the others,
/// which start again. So it depends neither on threads nor on the order in which they end.
pub fn compare_all(f: &Formulas, pairs: &[Pair], strict: bool, budget: &Budget) -> Vec<Comparison> {
    let mut left = budget.of_run(f.len());
    let mut tasks: Vec<Task<'_>> =
        pairs.iter().map(|pair| Task { pair, result: Err(never_made()), open: true }).collect();
    let mut last_share = None;
    loop {
        let open = tasks.iter().filter(|task| task.open).count();
        let share = (left / steps(open.max(1))).min(budget.question);
        if open == 0 || last_share.is_some_and(|last| share <= last) {
            let limit = (budget.of_run(f.len()) / SAMPLING / steps(open.max(1))).min(budget.question);
            return tasks.into_par_iter().map(|task| task.finish(f, limit)).collect();
        }
        let spent: u64 = tasks.par_iter_mut().filter(|task| task.open).map(|task| task.ask(f, strict, share)).sum();
        left = left.saturating_sub(spent);
        last_share = Some(share.saturating_mul(2));
    }
}

/// A pair on its way to a comparison.
struct Task<'p> {
    pair: &'p Pair,
    result: Result<Comparison, Unfinished>,
    /// More steps may help.
    open: bool,
}

/// No comparison belongs to a pair.
pub fn never_made() -> Unfinished {
    Unfinished::Impossible(Impossible("a comparison that was never made"))
}

impl Task<'_> {
    /// Compares within so many steps; says how many it took.
    fn ask(&mut self, f: &Formulas, strict: bool, share: u64) -> u64 {
        let compared = compare(f, self.pair, strict, share);
        self.open = matches!(compared.result, Err(Unfinished::Costly(_)));
        self.result = compared.result;
        compared.spent
    }

    /// The result; where the budget ran out, of sampled requests.
    fn finish(self, f: &Formulas, limit: u64) -> Comparison {
        match self.result {
            Ok(comparison) => comparison,
            Err(why @ Unfinished::Costly(_)) => Comparison { unfinished: Some(why), ..sample(f, self.pair, limit) },
            Err(why) => Comparison { unfinished: Some(why), ..Comparison::of(Outcome::Undecided(0)) },
        }
    }
}

/// The result of one comparison, and the steps it took.
struct Compared {
    result: Result<Comparison, Unfinished>,
    spent: u64,
}

/// Compares a pair.
fn compare(f: &Formulas, pair: &Pair, strict: bool, limit: u64) -> Compared {
    if pair.old == pair.new && pair.status == Formula::FALSE {
        return Compared { result: Ok(Comparison::of(Outcome::Equal)), spent: 0 };
    }
    match Space::new(f, &pair.roots(), &pair.declared, limit) {
        Ok(space) => {
            let mut asked = Asked { space, pair };
            let result = asked.compare(strict).map_err(|stop| asked.space.unfinished(stop));
            Compared { result, spent: asked.space.spent() }
        }
        Err(why) => Compared { result: Err(why), spent: limit },
    }
}

impl Pair {
    fn roots(&self) -> [Formula; 5] {
        [self.old, self.new, self.bad_token, self.preflight_token, self.status]
    }
}

impl Comparison {
    /// True when there is something to explain by the rules of both sides.
    pub fn needs_rulings(&self) -> bool {
        self.wider.is_some() || self.narrower.is_some() || self.unfinished.is_some()
    }

    /// Without relaxations and witnesses.
    pub fn of(outcome: Outcome) -> Comparison {
        Comparison { outcome, relaxations: BTreeSet::new(), wider: None, narrower: None, unfinished: None }
    }
}

/// A pair and the solver that holds it.
struct Asked<'f, 'p> {
    space: Space<'f>,
    pair: &'p Pair,
}

impl Asked<'_, '_> {
    fn compare(&mut self, strict: bool) -> Result<Comparison, Stop> {
        let mut relaxations: BTreeSet<Relaxation> = BTreeSet::new();
        let mut ways = self.ways(&relaxations)?;
        if !strict && ways.outcome() != Outcome::Equal {
            relaxations = LEAVING_OUT.into();
            ways = self.ways(&relaxations)?;
            // Do without every relaxation that does not change the result.
            for relaxation in LEAVING_OUT {
                let mut fewer = relaxations.clone();
                fewer.remove(&relaxation);
                if self.ways(&fewer)? == ways {
                    relaxations = fewer;
                }
            }
        }
        // A witness is looked for among the requests that no relaxation leaves out, also where the verdict does not need
        // it: a difference that is accepted anyway would hide the one that matters.
        let accepted = if strict { BTreeSet::new() } else { BTreeSet::from(LEAVING_OUT) };
        let wider = if ways.wider { Some(self.witness(Way::Wider, &accepted)?) } else { None };
        let narrower = if ways.narrower { Some(self.witness(Way::Narrower, &accepted)?) } else { None };
        if self.pair.status != Formula::FALSE && self.satisfiable(Way::Status, &relaxations)? {
            relaxations.insert(Relaxation::DenialStatus);
        }
        Ok(Comparison { relaxations, wider, narrower, ..Comparison::of(ways.outcome()) })
    }

    fn ways(&mut self, relaxations: &BTreeSet<Relaxation>) -> Result<Ways, Stop> {
        Ok(Ways {
            wider: self.satisfiable(Way::Wider, relaxations)?,
            narrower: self.satisfiable(Way::Narrower, relaxations)?,
        })
    }

    /// What is asked for, of requests that are compared under these relaxations.
    fn goal(&self, way: Way, relaxations: &BTreeSet<Relaxation>) -> Result<Vec<Lit>, Impossible> {
        let mut goal = match way {
            Way::Wider => self.space.goal(&[self.pair.new], &[self.pair.old]),
            Way::Narrower => self.space.goal(&[self.pair.old], &[self.pair.new]),
            Way::Status => self.space.goal(&[self.pair.status], &[]),
        }?;
        for relaxation in relaxations {
            match relaxation {
                Relaxation::QueryString => goal.push(self.space.without_query),
                Relaxation::HostCase => goal.push(self.space.lower_case_host),
                // What splitting loses is accepted; what it would let in is not.
                Relaxation::ClaimForm if way == Way::Wider => {}
                Relaxation::ClaimForm => goal.extend(self.space.without(is_spaced)),
                Relaxation::MixedClaimList => goal.extend(self.space.without(is_mixed)),
                Relaxation::BadTokenRejected => goal.extend(self.space.goal(&[], &[self.pair.bad_token])?),
                Relaxation::PreflightToken => goal.extend(self.space.goal(&[], &[self.pair.preflight_token])?),
                Relaxation::UndeclaredPorts | Relaxation::DenialStatus => {}
            }
        }
        Ok(goal)
    }

    fn satisfiable(&mut self, way: Way, relaxations: &BTreeSet<Relaxation>) -> Result<bool, Stop> {
        let goal = self.goal(way, relaxations)?;
        self.space.satisfiable(&goal)
    }

    /// A request that shows a difference, under relaxations that do not hide all of it.
    fn witness(&mut self, way: Way, relaxations: &BTreeSet<Relaxation>) -> Result<Request, Stop> {
        let goal = self.goal(way, relaxations)?;
        self.space.ask(&goal)?.ok_or(Stop::Impossible(Impossible("a difference that no request shows")))
    }
}

/// Compares requests one by one, always the same ones, as many as so many steps allow. Never proves anything equal.
fn sample(f: &Formulas, pair: &Pair, limit: u64) -> Comparison {
    let Some(requests) = Requests::new(f, &pair.roots(), &pair.declared, limit) else {
        return Comparison::of(Outcome::Undecided(0));
    };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let order = f.reachable(&pair.roots());
    let samples = SAMPLES.min(limit / (steps(order.len()) * 10 + 1));
    let mut values = vec![false; f.len()];
    let (mut wider, mut narrower) = (None, None);
    for _ in 0..samples {
        let request = requests.sample(&mut next);
        f.evaluate(&order, &request, &mut values);
        let holds = |formula: Formula| values.get(formula.index()).copied().unwrap_or_default();
        match (holds(pair.old), holds(pair.new)) {
            (false, true) if !holds(pair.preflight_token) && !has(&request, is_mixed) => {
                wider = wider.or(Some(request))
            }
            (true, false) if !holds(pair.bad_token) && !has(&request, |a| is_spaced(a) || is_mixed(a)) => {
                narrower = narrower.or(Some(request));
            }
            _ => {}
        }
    }
    let outcome = match (Ways { wider: wider.is_some(), narrower: narrower.is_some() }).outcome() {
        Outcome::Equal => Outcome::Undecided(samples),
        differs => differs,
    };
    Comparison { wider, narrower, ..Comparison::of(outcome) }
}

/// A claim that is one string with spaces.
fn is_spaced(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Spaced(_))
}

/// A claim that is a list which also holds other things than strings.
fn is_mixed(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Mixed(_))
}

fn has(request: &Request, meant: impl Fn(&Attribute) -> bool) -> bool {
    request.values().any(|(attribute, _)| meant(attribute))
}
