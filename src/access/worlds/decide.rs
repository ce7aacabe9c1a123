//! The direct evaluator: an ordered list of clauses, the first of which that holds decides.
//!
//! Both worlds are compiled into such a list (`legacy`, `modern`), in the order in which a proxy asks: connection,
//! token, denials, grants. The same list gives the formula that is proved about.

use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::request::Request;
use crate::api::Meta;
use crate::finding::{ObjectRef, Place};

/// One way a request is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// When it decides.
    pub when: Formula,
    /// What it decides.
    pub allowed: bool,
    /// Why, in one sentence.
    pub reason: String,
    /// The object, with the place of the rule.
    pub at: Option<(ObjectRef, Place)>,
}

impl Clause {
    /// A clause that no object is to be named for.
    pub fn new(when: Formula, allowed: bool, reason: impl Into<String>) -> Clause {
        Clause { when, allowed, reason: reason.into(), at: None }
    }

    /// Names the object, and the place in it.
    #[must_use]
    pub fn at(mut self, meta: &Meta, place: &Place) -> Clause {
        self.at = Some((meta.object(), place.clone()));
        self
    }

    /// Names the object.
    #[must_use]
    pub fn of(self, meta: &Meta) -> Clause {
        self.at(meta, &meta.place)
    }
}

/// How one side decides about requests to one port.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The first that holds decides.
    pub clauses: Vec<Clause>,
    /// Decides when none holds.
    pub otherwise: Clause,
    /// The request carries a token that this side verified and used.
    pub uses_token: Formula,
    /// The request is turned away with 401 because of its token, or because it has none.
    pub unauthorized: Formula,
    /// The request is turned away because it carries an invalid token.
    pub rejects_token: Formula,
}

impl Ruling {
    /// A ruling without clauses.
    pub fn new(otherwise: Clause) -> Ruling {
        Ruling {
            clauses: Vec::new(),
            otherwise,
            uses_token: Formula::FALSE,
            unauthorized: Formula::FALSE,
            rejects_token: Formula::FALSE,
        }
    }

    /// Adds a clause, unless it never holds.
    pub fn push(&mut self, clause: Clause) {
        if clause.when != Formula::FALSE {
            self.clauses.push(clause);
        }
    }

    /// Adds a clause that answers 401, for the requests that no clause before it decides.
    pub fn push_unauthorized(&mut self, f: &mut Formulas, clause: Clause) {
        let earlier = f.any(self.clauses.iter().map(|clause| clause.when));
        let reached = f.not(earlier);
        let answered = f.all([clause.when, reached]);
        self.unauthorized = f.any([self.unauthorized, answered]);
        self.push(clause);
    }

    /// Decides a request.
    pub fn decide(&self, f: &Formulas, request: &Request) -> &Clause {
        self.clauses.iter().find(|clause| f.holds(clause.when, request)).unwrap_or(&self.otherwise)
    }

    /// The requests that are allowed.
    pub fn allows(&self, f: &mut Formulas) -> Formula {
        let mut allowed = Formulas::constant(self.otherwise.allowed);
        // From the last clause to the first: what a run of like clauses catches, it decides; the rest is decided after it.
        for run in self.clauses.chunk_by(|a, b| a.allowed == b.allowed).rev() {
            let caught = f.any(run.iter().map(|clause| clause.when));
            allowed = if run.first().is_some_and(|clause| clause.allowed) {
                f.any([caught, allowed])
            } else {
                let passed = f.not(caught);
                f.all([passed, allowed])
            };
        }
        allowed
    }
}
