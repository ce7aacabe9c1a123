//! Boolean conditions over attributes, stored once each.
//!
//! Equal conditions get equal numbers, whatever the order they were written in; so two workloads under the same
//! policies share their formulas, and a comparison made once is found again.

use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, steps};
use crate::access::logic::impossible::Impossible;
use crate::access::logic::pattern::{Glob, Test};
use crate::access::logic::request::Request;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A condition: an index into [`Formulas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Formula(u32);

impl Formula {
    /// Never holds.
    pub const FALSE: Formula = Formula(0);
    /// Always holds.
    pub const TRUE: Formula = Formula(1);

    /// The position in tables with one entry per formula.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a formula is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// Always or never.
    Constant(bool),
    /// A test on an attribute; on a list attribute ANY element passes.
    Atom(Attribute, Test),
    /// The opposite.
    Not(Formula),
    /// ALL of them.
    And(Vec<Formula>),
    /// ANY of them.
    Or(Vec<Formula>),
}

impl Node {
    /// Bytes of text, or number of parts.
    fn size(&self) -> u64 {
        match self {
            Node::Constant(_) | Node::Not(_) => 0,
            Node::And(parts) | Node::Or(parts) => steps(parts.len()),
            Node::Atom(_, test) => steps(test.text().len()),
        }
    }
}

/// Every formula of a run.
#[derive(Debug)]
pub struct Formulas {
    nodes: Vec<Arc<Node>>,
    ids: HashMap<Arc<Node>, Formula>,
    meter: Meter,
    overdrawn: bool,
    /// A formula was asked for that is not of this collection, or could not be numbered.
    broken: AtomicBool,
}

impl Default for Formulas {
    fn default() -> Formulas {
        let meter = Meter::new(u64::MAX);
        let mut formulas = Formulas {
            nodes: Vec::new(),
            ids: HashMap::new(),
            meter,
            overdrawn: false,
            broken: AtomicBool::new(false),
        };
        formulas.intern(Node::Constant(false));
        formulas.intern(Node::Constant(true));
        formulas
    }
}

impl Formulas {
    /// Lets the formulas that are made from now on cost so many steps.
    pub fn allow(&mut self, steps: u64) {
        self.meter = Meter::new(steps);
        self.overdrawn = false;
    }

    /// True when more formulas were asked for than [`Formulas::allow`] allowed. Those made since then mean nothing.
    pub fn overdrawn(&self) -> bool {
        self.overdrawn
    }

    /// What the formulas cost that were made since [`Formulas::allow`].
    pub fn spent(&self) -> u64 {
        self.meter.spent()
    }

    /// How many different formulas there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    fn intern(&mut self, node: Node) -> Formula {
        if self.overdrawn {
            return Formula::FALSE;
        }
        let known = self.ids.get(&node).copied();
        let cost = match known {
            Some(_) => 60 + node.size() / 8,
            None => 80 + node.size() * 2,
        };
        if self.meter.spend(cost).is_err() {
            self.overdrawn = true;
            return Formula::FALSE;
        }
        known.unwrap_or_else(|| {
            let id = Formula(u32::try_from(self.nodes.len()).unwrap_or_else(|_| {
                *self.broken.get_mut() = true;
                u32::MAX
            }));
            let node = Arc::new(node);
            self.nodes.push(node.clone());
            self.ids.insert(node, id);
            id
        })
    }

    /// What a formula is made of.
    pub fn node(&self, formula: Formula) -> &Node {
        match self.nodes.get(formula.index()) {
            Some(node) => node,
            None => {
                self.broken.store(true, Ordering::Relaxed);
                &Node::Constant(false)
            }
        }
    }

    /// Says when these formulas are no longer what they seem: then nothing is proved by them.
    ///
    /// # Errors
    /// When a formula was looked up that was never made.
    pub fn intact(&self) -> Result<(), Impossible> {
        let broken = self.broken.load(Ordering::Relaxed);
        if broken { Err(Impossible("a condition that was never made")) } else { Ok(()) }
    }

    /// A constant.
    pub fn constant(value: bool) -> Formula {
        if value { Formula::TRUE } else { Formula::FALSE }
    }

    /// A test on an attribute.
    pub fn atom(&mut self, attribute: Attribute, test: Test) -> Formula {
        self.intern(Node::Atom(attribute, test))
    }

    /// A glob on an attribute.
    pub fn glob(&mut self, attribute: Attribute, glob: Glob) -> Formula {
        if glob == Glob::Any && !attribute.may_be_absent() {
            return Formula::TRUE;
        }
        self.atom(attribute, Test::Glob(glob))
    }

    /// The attribute is this very string.
    pub fn is(&mut self, attribute: Attribute, text: &str) -> Formula {
        if self.overdrawn {
            return Formula::FALSE;
        }
        self.glob(attribute, Glob::Exact(text.to_owned()))
    }

    /// The attribute is there.
    pub fn present(&mut self, attribute: Attribute) -> Formula {
        self.glob(attribute, Glob::Any)
    }

    /// The opposite.
    pub fn not(&mut self, formula: Formula) -> Formula {
        match *self.node(formula) {
            Node::Constant(value) => Formulas::constant(!value),
            Node::Not(inner) => inner,
            _ => self.intern(Node::Not(formula)),
        }
    }

    /// ALL of them; true when there are none.
    pub fn all(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        self.join(parts, true)
    }

    /// ANY of them; false when there are none.
    pub fn any(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        self.join(parts, false)
    }

    /// ALL of them when `and`, else ANY of them: flat, sorted, without constants and duplicates.
    fn join(&mut self, parts: impl IntoIterator<Item = Formula>, and: bool) -> Formula {
        let neutral = Formulas::constant(and);
        let mut flat = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::Constant(value) if *value == and => {}
                Node::Constant(_) => return part,
                Node::And(inner) if and => flat.extend(inner.iter().copied()),
                Node::Or(inner) if !and => flat.extend(inner.iter().copied()),
                _ => flat.push(part),
            }
        }
        if self.meter.spend(steps(flat.len())).is_err() {
            self.overdrawn = true;
            return Formula::FALSE;
        }
        flat.sort_unstable();
        flat.dedup();
        let contradicts = |&part: &Formula| match self.node(part) {
            Node::Not(inner) => flat.binary_search(inner).is_ok(),
            _ => false,
        };
        if flat.iter().any(contradicts) {
            return Formulas::constant(!and);
        }
        match flat[..] {
            [] => neutral,
            [one] => one,
            _ => self.intern(if and { Node::And(flat) } else { Node::Or(flat) }),
        }
    }

    /// True when the condition holds for a request.
    pub fn holds(&self, formula: Formula, request: &Request) -> bool {
        match self.node(formula) {
            Node::Constant(value) => *value,
            Node::Not(inner) => !self.holds(*inner, request),
            Node::And(parts) => parts.iter().all(|&part| self.holds(part, request)),
            Node::Or(parts) => parts.iter().any(|&part| self.holds(part, request)),
            Node::Atom(attribute, test) if attribute.is_list() => {
                request.elements(attribute).any(|element| test.holds(element))
            }
            Node::Atom(attribute, test) => request.value(attribute).is_some_and(|value| test.holds(value)),
        }
    }

    /// Whether each of some formulas holds, by its index; `order` has parts before wholes.
    pub fn evaluate(&self, order: &[Formula], request: &Request, values: &mut [bool]) {
        for &formula in order {
            let value = |part: &Formula| values.get(part.index()).copied().unwrap_or_default();
            let holds = match self.node(formula) {
                Node::Constant(_) | Node::Atom(..) => self.holds(formula, request),
                Node::Not(inner) => !value(inner),
                Node::And(parts) => parts.iter().all(value),
                Node::Or(parts) => parts.iter().any(value),
            };
            if let Some(slot) = values.get_mut(formula.index()) {
                *slot = holds;
            }
        }
    }

    /// The formulas that `roots` are made of, including themselves, parts before wholes.
    pub fn reachable(&self, roots: &[Formula]) -> Vec<Formula> {
        let mut seen = std::collections::BTreeSet::new();
        let mut open: Vec<Formula> = roots.to_vec();
        while let Some(formula) = open.pop() {
            if !seen.insert(formula) {
                continue;
            }
            match self.node(formula) {
                Node::Not(inner) => open.push(*inner),
                Node::And(parts) | Node::Or(parts) => open.extend(parts.iter().copied()),
                Node::Constant(_) | Node::Atom(..) => {}
            }
        }
        // Parts are always made before wholes, so number order is the order wanted.
        seen.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_of_another_collection_is_noticed() {
        let mut f = Formulas::default();
        let foreign = f.is(Attribute::Method, "GET");
        let other = Formulas::default();
        assert_eq!(other.intact(), Ok(()));
        assert!(!other.holds(foreign, &Request::default()));
        assert!(other.intact().is_err() && f.intact().is_ok());
    }

    #[test]
    fn equal_conditions_get_equal_numbers() {
        let mut f = Formulas::default();
        let (a, b) = (f.is(Attribute::Method, "GET"), f.is(Attribute::Host, "h"));
        let not_a = f.not(a);
        assert_eq!(f.all([a, b]), f.all([b, a, b, Formula::TRUE]));
        assert_eq!(f.any([a, not_a]), Formula::TRUE);
        assert_eq!(f.all([a, not_a]), Formula::FALSE);
        assert_eq!(f.not(not_a), a);
    }
}
