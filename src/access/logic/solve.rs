//! Decides exactly whether a request exists that satisfies a formula.
//!
//! Every test becomes a condition on the items that it lets pass (`partition`); a request is one item per axis, or any
//! set of values for a list. That is put to a SAT solver; a model is a request again.

mod encode;

use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn, steps};
use crate::access::logic::formula::{Formula, Formulas, Node};
use crate::access::logic::impossible::{Impossible, Stop};
use crate::access::logic::partition::{Values, values};
use crate::access::logic::pattern::Test;
use crate::access::logic::request::Request;
use batsat::{Callbacks, ClauseKind, Lit, Solver, SolverInterface, SolverOpts, lbool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Stops the solver after so many conflicts, for its work to be measured.
#[derive(Default)]
struct Pause {
    conflicts: u64,
    limit: u64,
}

impl Callbacks for Pause {
    fn on_new_clause(&mut self, _clause: &[Lit], kind: ClauseKind) {
        if kind == ClauseKind::Learnt {
            self.conflicts += 1;
        }
    }

    fn stop(&self) -> bool {
        self.conflicts >= self.limit
    }
}

/// At most so many conflicts before the solver's work is measured.
const SLICE: u64 = 2_000;
/// Steps for a propagation, and for a conflict beside its propagations.
const PER_PROPAGATION: u64 = 30;
const PER_CONFLICT: u64 = 1_500;

/// One attribute: its tests, its values, and the solver's literals for them.
struct Dimension<'f> {
    attribute: Attribute,
    tests: Vec<&'f Test>,
    values: Arc<Values>,
    /// Holds when the request has the attribute.
    there: Lit,
    /// For every axis and every item: the item chosen is this one or one before it.
    bounds: Vec<Vec<Lit>>,
    /// For every element of a list: the list has it.
    elements: Vec<Lit>,
}

/// What a model chooses for one attribute.
#[derive(Clone, Debug, PartialEq)]
enum Choice {
    Absent,
    Items(Vec<usize>),
    Elements(Vec<bool>),
}

/// Where a budget ran out.
#[derive(Clone, Debug, PartialEq)]
pub struct Costly {
    /// The attribute that costs most.
    pub attribute: Attribute,
    /// The tests on it.
    pub tests: Vec<Test>,
}

/// Why a comparison did not come to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfinished {
    /// The budget ran out.
    Costly(Costly),
    /// Something is impossible.
    Impossible(Impossible),
}

/// A set of formulas, ready to be asked about.
pub struct Space<'f> {
    formulas: &'f Formulas,
    dimensions: Vec<Dimension<'f>>,
    literals: BTreeMap<Formula, Lit>,
    solver: Solver<Pause>,
    meter: Meter,
    truth: Lit,
    /// Holds exactly for requests without a query.
    pub without_query: Lit,
    /// Holds exactly for requests with a host that can be written in lower case.
    pub lower_case_host: Lit,
}

impl<'f> Space<'f> {
    /// Prepares questions about `roots` and their parts. `declared` are the ports that a free port cannot be; `limit` is
    /// the number of steps for this and for all questions together.
    ///
    /// # Errors
    /// When the limit does not even suffice for that, or something is impossible.
    pub fn new(
        formulas: &'f Formulas,
        roots: &[Formula],
        declared: &BTreeSet<u16>,
        limit: u64,
    ) -> Result<Space<'f>, Unfinished> {
        let mut meter = Meter::new(limit);
        let reachable = formulas.reachable(roots);
        let dimensions = dimensions(formulas, &reachable, declared, &mut meter).map_err(Unfinished::Costly)?;
        let solver = Solver::new(SolverOpts::default(), Pause::default());
        let undefined = Lit::UNDEF;
        let mut space = Space {
            formulas,
            dimensions,
            literals: BTreeMap::new(),
            solver,
            meter,
            truth: undefined,
            without_query: undefined,
            lower_case_host: undefined,
        };
        space.encode(&reachable).map_err(|stop| space.unfinished(stop))?;
        Ok(space)
    }

    /// Why the work stopped, for a person.
    pub fn unfinished(&self, stop: Stop) -> Unfinished {
        match stop {
            Stop::Overdrawn => Unfinished::Costly(self.costly()),
            Stop::Impossible(impossible) => Unfinished::Impossible(impossible),
        }
    }

    /// The attribute with the most tests, which makes most of the work.
    fn costly(&self) -> Costly {
        let widest = self.dimensions.iter().rev().max_by_key(|dimension| dimension.tests.len());
        let of = |dimension: &Dimension<'_>| Costly {
            attribute: dimension.attribute.clone(),
            tests: dimension.tests.iter().map(|&test| test.clone()).collect(),
        };
        widest.map_or_else(|| Costly { attribute: Attribute::Path, tests: Vec::new() }, of)
    }

    /// Steps taken.
    pub fn spent(&self) -> u64 {
        self.meter.spent()
    }

    /// Hold exactly for requests without ANY of the attributes meant.
    pub fn without(&self, meant: impl Fn(&Attribute) -> bool) -> Vec<Lit> {
        let found = self.dimensions.iter().filter(|dimension| meant(&dimension.attribute));
        found.map(|dimension| !dimension.there).collect()
    }

    /// The literals of a formula that is to hold, and of formulas that are not.
    ///
    /// # Errors
    /// When one is not among those that the space was made for.
    pub fn goal(&self, hold: &[Formula], fail: &[Formula]) -> Result<Vec<Lit>, Impossible> {
        let hold = hold.iter().map(|&formula| self.literal(formula));
        hold.chain(fail.iter().map(|&formula| self.literal(formula).map(|literal| !literal))).collect()
    }

    /// Is there a request for which all of `goal` holds?
    ///
    /// # Errors
    /// When the budget ran out.
    pub fn satisfiable(&mut self, goal: &[Lit]) -> Result<bool, Stop> {
        loop {
            let left = self.meter.left();
            if left == 0 {
                return Err(Stop::Overdrawn);
            }
            // A conflict can cost as much as all variables together.
            let worst = PER_CONFLICT + u64::from(self.solver.num_vars()) * PER_PROPAGATION;
            *self.solver.cb_mut() = Pause { conflicts: 0, limit: (left / worst).clamp(1, SLICE) };
            let before = self.solver.num_propagations();
            let answer = self.solver.solve_limited(goal);
            let propagations = self.solver.num_propagations() - before;
            let conflicts = self.solver.cb().conflicts;
            let cost = steps(goal.len()) + 10 + propagations * PER_PROPAGATION + conflicts * PER_CONFLICT;
            // What was found out counts, whatever it cost.
            let overdrawn = self.meter.spend(cost).is_err();
            match answer {
                answer if answer == lbool::TRUE => return Ok(true),
                answer if answer == lbool::FALSE => return Ok(false),
                _ if overdrawn => return Err(Stop::Overdrawn),
                _ => {}
            }
        }
    }

    /// A request for which all of `goal` holds, if there is one: the most ordinary one that can be found without
    /// backtracking.
    ///
    /// # Errors
    /// When the budget ran out, or something is impossible.
    pub fn ask(&mut self, goal: &[Lit]) -> Result<Option<Request>, Stop> {
        if !self.satisfiable(goal)? {
            return Ok(None);
        }
        let mut goal = goal.to_vec();
        let mut model = self.model();
        for index in 0..self.dimensions.len() {
            match self.prefer(index, &mut goal, &mut model) {
                Ok(()) => {}
                // Still a request, though not the most ordinary one.
                Err(Stop::Overdrawn) => break,
                Err(impossible) => return Err(impossible),
            }
        }
        Ok(Some(request(&self.dimensions, &model)))
    }

    /// Fixes the most ordinary choice for an attribute that the goal leaves.
    fn prefer(&mut self, index: usize, goal: &mut Vec<Lit>, model: &mut Vec<Choice>) -> Result<(), Stop> {
        let dimension = self.dimensions.get(index).ok_or(Impossible("an attribute without values"))?;
        let (there, bounds, elements) = (dimension.there, dimension.bounds.clone(), dimension.elements.clone());
        // A list is best empty.
        for (element, literal) in elements.into_iter().enumerate() {
            let has = matches!(model.get(index), Some(Choice::Elements(has)) if has.get(element) == Some(&true));
            if !has || self.holds_with(goal, !literal, model)? {
                goal.push(!literal);
            }
        }
        if bounds.is_empty() {
            return Ok(());
        }
        if model.get(index) == Some(&Choice::Absent) || self.holds_with(goal, !there, model)? {
            goal.push(!there);
            return Ok(());
        }
        for (axis, bounds) in bounds.iter().enumerate() {
            let item = self.first(index, axis, bounds, goal, model)?;
            goal.extend(bounds.get(item));
            goal.extend(item.checked_sub(1).and_then(|before| bounds.get(before)).map(|&before| !before));
        }
        Ok(())
    }

    /// The first item of an axis that the goal leaves: tried in growing steps, then by halves.
    fn first(
        &mut self,
        index: usize,
        axis: usize,
        bounds: &[Lit],
        goal: &mut Vec<Lit>,
        model: &mut Vec<Choice>,
    ) -> Result<usize, Stop> {
        let chosen = |model: &[Choice]| match model.get(index) {
            Some(Choice::Items(items)) => items.get(axis).copied().unwrap_or_default(),
            _ => 0,
        };
        let (mut low, mut high) = (0, chosen(model));
        let mut stride = 1;
        while low < high {
            let probe = (low + stride - 1).min(low + (high - low) / 2);
            let Some(&bound) = bounds.get(probe) else { break };
            if self.holds_with(goal, bound, model)? {
                high = chosen(model).min(probe);
            } else {
                low = probe + 1;
                stride *= 2;
            }
        }
        Ok(high)
    }

    /// Whether the goal leaves a literal; if so, `model` becomes such a request.
    fn holds_with(&mut self, goal: &mut Vec<Lit>, literal: Lit, model: &mut Vec<Choice>) -> Result<bool, Stop> {
        goal.push(literal);
        let answer = self.satisfiable(goal);
        goal.pop();
        if answer == Ok(true) {
            *model = self.model();
        }
        answer
    }

    /// What the last model chooses.
    fn model(&self) -> Vec<Choice> {
        let is_true = |literal: &Lit| self.solver.value_lit(*literal) == lbool::TRUE;
        let choice = |dimension: &Dimension<'_>| {
            if !dimension.elements.is_empty() {
                Choice::Elements(dimension.elements.iter().map(is_true).collect())
            } else if dimension.bounds.is_empty() || !is_true(&dimension.there) {
                Choice::Absent
            } else {
                let first = |bounds: &Vec<Lit>| bounds.partition_point(|bound| !is_true(bound));
                Choice::Items(dimension.bounds.iter().map(first).collect())
            }
        };
        self.dimensions.iter().map(choice).collect()
    }
}

/// Every attribute with its values, for requests to be picked.
pub struct Requests<'f> {
    dimensions: Vec<Dimension<'f>>,
}

impl<'f> Requests<'f> {
    /// The attributes that `roots` and their parts test; `None` when they have more values than `limit` steps allow.
    pub fn new(
        formulas: &'f Formulas,
        roots: &[Formula],
        declared: &BTreeSet<u16>,
        limit: u64,
    ) -> Option<Requests<'f>> {
        let reachable = formulas.reachable(roots);
        let dimensions = dimensions(formulas, &reachable, declared, &mut Meter::new(limit)).ok()?;
        Some(Requests { dimensions })
    }

    /// A request made of one choice per attribute, each chosen by `pick` among so many.
    pub fn sample(&self, mut pick: impl FnMut(usize) -> usize) -> Request {
        let mut choose = |dimension: &Dimension<'f>| match &*dimension.values {
            Values::One(grid) => {
                let absent = usize::from(dimension.attribute.may_be_absent());
                let widest = grid.axes.iter().copied().max().unwrap_or(1);
                if pick(widest + absent) < absent {
                    return Choice::Absent;
                }
                Choice::Items(grid.pinned(grid.axes.iter().map(|&items| pick(items.max(1))).collect()))
            }
            Values::Many(elements) => {
                let chosen = pick(elements.texts.len() + 1);
                Choice::Elements((0..elements.texts.len()).map(|element| element == chosen).collect())
            }
        };
        let choices: Vec<Choice> = self.dimensions.iter().map(&mut choose).collect();
        request(&self.dimensions, &choices)
    }
}

/// A request with these choices.
fn request(dimensions: &[Dimension<'_>], choices: &[Choice]) -> Request {
    let mut request = Request::default();
    for (dimension, choice) in dimensions.iter().zip(choices) {
        match (choice, &*dimension.values) {
            (Choice::Items(items), Values::One(grid)) => {
                request.set(dimension.attribute.clone(), &grid.text(items));
            }
            (Choice::Elements(has), Values::Many(elements)) => {
                for (text, _) in elements.texts.iter().zip(has).filter(|(_, has)| **has) {
                    request.set(dimension.attribute.clone(), text);
                }
            }
            _ => {}
        }
    }
    request
}

/// The attributes that the formulas test, with their values, in attribute order.
fn dimensions<'f>(
    formulas: &'f Formulas,
    reachable: &[Formula],
    declared: &BTreeSet<u16>,
    meter: &mut Meter,
) -> Result<Vec<Dimension<'f>>, Costly> {
    let mut tests: BTreeMap<&Attribute, BTreeSet<&Test>> = BTreeMap::new();
    for &formula in reachable {
        if let Node::Atom(attribute, test) = formulas.node(formula) {
            tests.entry(attribute).or_default().insert(test);
        }
    }
    let dimension = |(attribute, tests): (&Attribute, BTreeSet<&'f Test>)| {
        let tests: Vec<&Test> = tests.into_iter().collect();
        let values = values(attribute, &tests, declared, meter).map_err(|Overdrawn| Costly {
            attribute: attribute.clone(),
            tests: tests.iter().map(|&test| test.clone()).collect(),
        })?;
        Ok(Dimension {
            attribute: attribute.clone(),
            tests,
            values: Arc::new(values),
            there: Lit::UNDEF,
            bounds: Vec::new(),
            elements: Vec::new(),
        })
    };
    tests.into_iter().map(dimension).collect()
}
