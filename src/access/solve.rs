//! Decides exactly whether a request exists that satisfies a formula.
//!
//! Every test becomes the set of classes that pass it (`partition`); a request is one class per attribute, or any set
//! of classes for a list. That is put to a SAT solver; a model is a request again.

use super::attribute::Attribute;
use super::formula::{Formula, Formulas, Node};
use super::partition::{Class, classes};
use super::pattern::Test;
use super::request::Request;
use batsat::{Callbacks, ClauseKind, Lit, Solver, SolverInterface, SolverOpts, lbool};
use std::collections::{BTreeMap, BTreeSet};

/// The answer of the solver.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// No such request exists.
    No,
    /// This one is such a request.
    Yes(Request),
    /// The budget ran out.
    OutOfBudget,
}

/// Counts conflicts and stops at the limit.
struct Budget {
    conflicts: u64,
    limit: u64,
}

impl Callbacks for Budget {
    fn on_new_clause(&mut self, _clause: &[Lit], kind: ClauseKind) {
        if kind == ClauseKind::Learnt {
            self.conflicts += 1;
        }
    }

    fn stop(&self) -> bool {
        self.conflicts >= self.limit
    }
}

/// The classes of one attribute, and the solver's variable for each.
struct Dimension {
    attribute: Attribute,
    classes: Vec<Class>,
    variables: Vec<Lit>,
}

/// A set of formulas, ready to be asked about.
pub struct Space<'f> {
    formulas: &'f Formulas,
    dimensions: Vec<Dimension>,
    literals: BTreeMap<Formula, Lit>,
    solver: Solver<Budget>,
    /// Holds exactly for requests without a query.
    pub without_query: Lit,
    /// Holds exactly for requests with a host that can be written in lower case.
    pub lower_case_host: Lit,
}

impl<'f> Space<'f> {
    /// Prepares questions about `roots` and their parts; `None` when an attribute has too many classes. `declared` are
    /// the ports that a free port cannot be; `limit` is the number of conflicts allowed for all questions together.
    pub fn new(formulas: &'f Formulas, roots: &[Formula], declared: &BTreeSet<u16>, limit: u64) -> Option<Space<'f>> {
        let reachable = formulas.reachable(roots);
        let dimensions = dimensions(formulas, &reachable, declared)?;
        let solver = Solver::new(SolverOpts::default(), Budget { conflicts: 0, limit });
        let mut space = Space {
            formulas,
            dimensions,
            literals: BTreeMap::new(),
            solver,
            without_query: Lit::UNDEF,
            lower_case_host: Lit::UNDEF,
        };
        let truth = space.fresh();
        space.clause(&[truth]);
        space.literals.insert(Formula::TRUE, truth);
        space.literals.insert(Formula::FALSE, !truth);
        space.without_query = truth;
        space.lower_case_host = truth;
        space.choose_classes();
        for formula in reachable {
            space.define(formula);
        }
        Some(space)
    }

    fn fresh(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    fn clause(&mut self, literals: &[Lit]) {
        self.solver.add_clause_reuse(&mut literals.to_vec());
    }

    /// One variable per class; exactly one class per single-valued attribute.
    fn choose_classes(&mut self) {
        for index in 0..self.dimensions.len() {
            let Some((attribute, plain)) = self.dimensions.get(index).map(|dimension| {
                (dimension.attribute.clone(), dimension.classes.iter().map(|class| class.plain).collect::<Vec<_>>())
            }) else {
                continue;
            };
            let variables: Vec<Lit> = plain.iter().map(|_| self.fresh()).collect();
            if !attribute.is_list() {
                self.clause(&variables);
                self.at_most_one(&variables);
            }
            let plain: Vec<Lit> =
                variables.iter().zip(plain).filter(|(_, plain)| *plain).map(|(lit, _)| *lit).collect();
            match attribute {
                Attribute::Query => self.without_query = self.disjunction(&plain),
                Attribute::Host => self.lower_case_host = self.disjunction(&plain),
                _ => {}
            }
            if let Some(dimension) = self.dimensions.get_mut(index) {
                dimension.variables = variables;
            }
        }
    }

    /// At most one of them, by a ladder: once one was chosen, every later one is excluded.
    fn at_most_one(&mut self, variables: &[Lit]) {
        let mut chosen_before: Option<Lit> = None;
        for &variable in variables {
            let chosen = self.fresh();
            self.clause(&[!variable, chosen]);
            if let Some(before) = chosen_before {
                self.clause(&[!before, chosen]);
                self.clause(&[!before, !variable]);
            }
            chosen_before = Some(chosen);
        }
    }

    /// A literal that holds when ANY of them does.
    fn disjunction(&mut self, parts: &[Lit]) -> Lit {
        if let [one] = parts {
            return *one;
        }
        let whole = self.fresh();
        for &part in parts {
            self.clause(&[!part, whole]);
        }
        let mut clause = parts.to_vec();
        clause.push(!whole);
        self.clause(&clause);
        whole
    }

    fn literal(&self, formula: Formula) -> Lit {
        self.literals.get(&formula).copied().unwrap_or(Lit::UNDEF)
    }

    /// Gives a formula its literal; its parts have theirs already.
    fn define(&mut self, formula: Formula) {
        let formulas = self.formulas;
        let literal = match formulas.node(formula) {
            Node::Constant(_) => return,
            Node::Not(inner) => !self.literal(*inner),
            Node::Or(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|&part| self.literal(part)).collect();
                self.disjunction(&parts)
            }
            Node::And(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|&part| !self.literal(part)).collect();
                !self.disjunction(&parts)
            }
            Node::Atom(attribute, test) => {
                let passing = self.passing(attribute, test);
                self.disjunction(&passing)
            }
        };
        self.literals.insert(formula, literal);
    }

    /// The variables of the classes that pass a test.
    fn passing(&self, attribute: &Attribute, test: &Test) -> Vec<Lit> {
        let Some(dimension) = self.dimensions.iter().find(|dimension| dimension.attribute == *attribute) else {
            return Vec::new();
        };
        let passes = |class: &Class| class.witness.as_deref().is_some_and(|text| test.holds(text));
        dimension.classes.iter().zip(&dimension.variables).filter(|(class, _)| passes(class)).map(|(_, v)| *v).collect()
    }

    /// Hold exactly for requests without ANY of the attributes meant.
    pub fn without(&self, meant: impl Fn(&Attribute) -> bool) -> Vec<Lit> {
        let spaced = self.dimensions.iter().filter(|dimension| meant(&dimension.attribute));
        let set = spaced.flat_map(|dimension| dimension.classes.iter().zip(&dimension.variables));
        set.filter(|(class, _)| class.witness.is_some()).map(|(_, &variable)| !variable).collect()
    }

    /// The literals of a formula that is to hold, and of formulas that are not.
    pub fn goal(&self, hold: &[Formula], fail: &[Formula]) -> Vec<Lit> {
        let hold = hold.iter().map(|&formula| self.literal(formula));
        hold.chain(fail.iter().map(|&formula| !self.literal(formula))).collect()
    }

    /// Is there a request for which all of `goal` holds?
    pub fn satisfiable(&mut self, goal: &[Lit]) -> Option<bool> {
        match self.solver.solve_limited(goal) {
            answer if answer == lbool::TRUE => Some(true),
            answer if answer == lbool::FALSE => Some(false),
            _ => None,
        }
    }

    /// A request for which all of `goal` holds: the most ordinary one that can be found without backtracking.
    pub fn ask(&mut self, goal: &[Lit]) -> Answer {
        match self.satisfiable(goal) {
            None => return Answer::OutOfBudget,
            Some(false) => return Answer::No,
            Some(true) => {}
        }
        let mut goal = goal.to_vec();
        for index in 0..self.dimensions.len() {
            let Some((is_list, variables)) =
                self.dimensions.get(index).map(|d| (d.attribute.is_list(), d.variables.clone()))
            else {
                continue;
            };
            for variable in variables {
                // A list is best empty, an attribute best has its most ordinary value.
                let wanted = if is_list { !variable } else { variable };
                goal.push(wanted);
                if self.satisfiable(&goal) == Some(true) {
                    if !is_list {
                        break;
                    }
                } else {
                    goal.pop();
                }
            }
        }
        match self.satisfiable(&goal) {
            Some(true) => Answer::Yes(self.model()),
            _ => Answer::OutOfBudget,
        }
    }

    /// The request of the last model.
    fn model(&self) -> Request {
        let mut request = Request::default();
        for dimension in &self.dimensions {
            for (class, &variable) in dimension.classes.iter().zip(&dimension.variables) {
                if self.solver.value_lit(variable) == lbool::TRUE
                    && let Some(text) = &class.witness
                {
                    request.set(dimension.attribute.clone(), text);
                }
            }
        }
        request
    }

    /// A request made of one class per attribute, chosen by `pick` among so many.
    pub fn sample(&self, mut pick: impl FnMut(usize) -> usize) -> Request {
        let mut request = Request::default();
        for dimension in &self.dimensions {
            let chosen = pick(dimension.classes.len().max(1));
            if let Some(text) = dimension.classes.get(chosen).and_then(|class| class.witness.as_deref()) {
                request.set(dimension.attribute.clone(), text);
            }
        }
        request
    }
}

/// The attributes that the formulas test, with their classes, in attribute order.
fn dimensions(formulas: &Formulas, reachable: &[Formula], declared: &BTreeSet<u16>) -> Option<Vec<Dimension>> {
    let mut tests: BTreeMap<&Attribute, BTreeSet<&Test>> = BTreeMap::new();
    for &formula in reachable {
        if let Node::Atom(attribute, test) = formulas.node(formula) {
            tests.entry(attribute).or_default().insert(test);
        }
    }
    let dimension = |(attribute, tests): (&Attribute, BTreeSet<&Test>)| {
        let tests: Vec<&Test> = tests.into_iter().collect();
        let classes = classes(attribute, &tests, declared)?;
        Some(Dimension { attribute: attribute.clone(), classes, variables: Vec::new() })
    };
    tests.into_iter().map(dimension).collect()
}
