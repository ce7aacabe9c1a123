//! Values and formulas as clauses.
//!
//! The items of an axis are in order, and for each there is a literal "the one chosen is this or one before it". So a
//! range of items is two literals, and an axis costs one variable and one clause per item.

use super::Space;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::steps;
use crate::access::logic::formula::{Formula, Node};
use crate::access::logic::impossible::{Impossible, Stop};
use crate::access::logic::partition::{Grid, Passing, Plain, Values};
use crate::access::logic::pattern::Test;
use batsat::{Lit, SolverInterface};
use std::ops::Range;

const NO_ATTRIBUTE: Impossible = Impossible("an attribute without values");
const NO_AXIS: Impossible = Impossible("values on an axis that does not exist");
const NO_ITEM: Impossible = Impossible("a value that does not exist");
const NO_TEST: Impossible = Impossible("a test that no value was tried on");

/// Longer disjunctions are cut into pieces: the solver walks over long clauses again and again.
const PIECE: usize = 48;

impl Space<'_> {
    /// All clauses: about the values, then about the formulas, parts before wholes.
    pub(super) fn encode(&mut self, reachable: &[Formula]) -> Result<(), Stop> {
        let truth = self.fresh()?;
        self.clause(&[truth])?;
        self.truth = truth;
        self.literals.insert(Formula::TRUE, truth);
        self.literals.insert(Formula::FALSE, !truth);
        self.without_query = truth;
        self.lower_case_host = truth;
        for index in 0..self.dimensions.len() {
            self.choose(index)?;
        }
        for &formula in reachable {
            self.define(formula)?;
        }
        Ok(())
    }

    fn fresh(&mut self) -> Result<Lit, Stop> {
        self.meter.spend(20)?;
        Ok(Lit::new(self.solver.new_var_default(), true))
    }

    fn clause(&mut self, literals: &[Lit]) -> Result<(), Stop> {
        self.meter.spend(20 + steps(literals.len()))?;
        self.solver.add_clause_reuse(&mut literals.to_vec());
        Ok(())
    }

    /// The literals of an attribute's values.
    fn choose(&mut self, index: usize) -> Result<(), Stop> {
        let Some(dimension) = self.dimensions.get(index) else { return Err(NO_ATTRIBUTE.into()) };
        let (attribute, values) = (dimension.attribute.clone(), dimension.values.clone());
        let (mut there, mut bounds, mut elements) = (self.truth, Vec::new(), Vec::new());
        match &*values {
            Values::Many(list) => {
                for _ in &list.texts {
                    elements.push(self.fresh()?);
                }
            }
            Values::One(grid) => {
                if attribute.may_be_absent() {
                    there = self.fresh()?;
                }
                for &items in &grid.axes {
                    bounds.push(self.axis(items, there)?);
                }
                self.pin(grid, &bounds)?;
                let plain = self.plain(&grid.plain, there, &bounds)?;
                match attribute {
                    Attribute::Query => self.without_query = plain,
                    Attribute::Host => self.lower_case_host = plain,
                    _ => {}
                }
            }
        }
        let dimension = self.dimensions.get_mut(index).ok_or(NO_ATTRIBUTE)?;
        (dimension.there, dimension.bounds, dimension.elements) = (there, bounds, elements);
        Ok(())
    }

    /// The bounds of an axis, the last of which is that the value is there. Each follows from the one before.
    fn axis(&mut self, items: usize, there: Lit) -> Result<Vec<Lit>, Stop> {
        if items == 0 {
            // No value exists; then the attribute is absent.
            self.clause(&[!there])?;
            return Ok(vec![there]);
        }
        let mut bounds: Vec<Lit> = Vec::with_capacity(items);
        for item in 0..items {
            let bound = if item + 1 == items { there } else { self.fresh()? };
            if let Some(&before) = bounds.last() {
                self.clause(&[!before, bound])?;
            }
            bounds.push(bound);
        }
        Ok(bounds)
    }

    /// What named values fix on the other axes.
    fn pin(&mut self, grid: &Grid, bounds: &[Vec<Lit>]) -> Result<(), Stop> {
        let Some(first) = bounds.first() else { return Ok(()) };
        for pin in &grid.pins {
            let axis = bounds.get(pin.axis).ok_or(NO_AXIS)?;
            let upper = *pin.items.end.checked_sub(1).and_then(|last| first.get(last)).ok_or(NO_ITEM)?;
            // Where the choice is in the range, the item is not after, and not before the one that is fixed.
            let mut outside = vec![!upper];
            outside.extend(pin.items.start.checked_sub(1).and_then(|before| first.get(before)));
            if pin.item + 1 < axis.len() {
                let not_after = *axis.get(pin.item).ok_or(NO_ITEM)?;
                self.clause(&[&outside[..], &[not_after]].concat())?;
            }
            if let Some(&before) = pin.item.checked_sub(1).and_then(|before| axis.get(before)) {
                self.clause(&[&outside[..], &[!before]].concat())?;
            }
        }
        Ok(())
    }

    fn plain(&mut self, plain: &Plain, there: Lit, bounds: &[Vec<Lit>]) -> Result<Lit, Stop> {
        match plain {
            Plain::All => Ok(self.truth),
            Plain::Absent => Ok(!there),
            Plain::Items(axes) => {
                let mut odd = Vec::new();
                for (axis, ranges) in axes {
                    let axis = bounds.get(*axis).ok_or(NO_AXIS)?;
                    odd.push(!self.between(edges(axis, ranges)?)?);
                }
                Ok(!self.disjunction(odd)?)
            }
        }
    }

    /// Holds when ANY upper bound does while the lower one beside it does not.
    fn between(&mut self, edges: Vec<(Lit, Option<Lit>)>) -> Result<Lit, Stop> {
        let mut parts = Vec::with_capacity(edges.len());
        for (upper, lower) in edges {
            parts.push(match lower {
                None => upper,
                Some(lower) => {
                    let inside = self.fresh()?;
                    self.clause(&[!inside, upper])?;
                    self.clause(&[!inside, !lower])?;
                    self.clause(&[inside, !upper, lower])?;
                    inside
                }
            });
        }
        self.disjunction(parts)
    }

    /// A literal that holds when ANY of them does.
    fn disjunction(&mut self, mut parts: Vec<Lit>) -> Result<Lit, Stop> {
        while parts.len() > PIECE {
            parts = parts.chunks(PIECE).map(|piece| self.whole(piece)).collect::<Result<_, _>>()?;
        }
        match parts[..] {
            [] => Ok(!self.truth),
            [one] => Ok(one),
            _ => self.whole(&parts),
        }
    }

    fn whole(&mut self, parts: &[Lit]) -> Result<Lit, Stop> {
        let whole = self.fresh()?;
        for &part in parts {
            self.clause(&[!part, whole])?;
        }
        let mut clause = parts.to_vec();
        clause.push(!whole);
        self.clause(&clause)?;
        Ok(whole)
    }

    /// The literal of a formula that the space was made for, or of a part of one.
    pub(super) fn literal(&self, formula: Formula) -> Result<Lit, Impossible> {
        self.literals.get(&formula).copied().ok_or(Impossible("a condition that the solver was not told"))
    }

    /// Gives a formula its literal; its parts have theirs already.
    fn define(&mut self, formula: Formula) -> Result<(), Stop> {
        let formulas = self.formulas;
        let literal = match formulas.node(formula) {
            Node::Constant(_) => return Ok(()),
            Node::Not(inner) => !self.literal(*inner)?,
            Node::Or(parts) => {
                let parts = parts.iter().map(|&part| self.literal(part)).collect::<Result<Vec<Lit>, _>>()?;
                self.disjunction(parts)?
            }
            Node::And(parts) => {
                let parts = parts.iter().map(|&part| self.literal(part).map(|lit| !lit));
                let parts = parts.collect::<Result<Vec<Lit>, _>>()?;
                !self.disjunction(parts)?
            }
            Node::Atom(attribute, test) => self.atom(attribute, test)?,
        };
        self.literals.insert(formula, literal);
        Ok(())
    }

    /// Holds when the attribute passes the test; for a list, when ANY element does.
    fn atom(&mut self, attribute: &Attribute, test: &Test) -> Result<Lit, Stop> {
        let found = self.dimensions.binary_search_by(|dimension| dimension.attribute.cmp(attribute)).ok();
        let dimension = found.and_then(|index| self.dimensions.get(index)).ok_or(NO_ATTRIBUTE)?;
        let number = dimension.tests.binary_search(&test).map_err(|_| NO_TEST)?;
        let values = dimension.values.clone();
        match &*values {
            Values::One(grid) => match grid.passing.get(number) {
                Some(Passing::Present) => Ok(dimension.there),
                Some(Passing::Items(axis, ranges)) => {
                    // Nothing passes a test without ranges, whatever the axis.
                    let axis = if ranges.is_empty() { &[][..] } else { dimension.bounds.get(*axis).ok_or(NO_AXIS)? };
                    let edges = edges(axis, ranges)?;
                    self.between(edges)
                }
                None => Err(NO_TEST.into()),
            },
            Values::Many(elements) => {
                let passing = elements.passing.get(number).ok_or(NO_TEST)?.iter();
                let parts = passing.map(|&element| dimension.elements.get(element).copied().ok_or(NO_ITEM));
                let parts = parts.collect::<Result<Vec<Lit>, _>>()?;
                self.disjunction(parts)
            }
        }
    }
}

/// The upper bound of each range, and the bound before it, if there is one. An empty range has none.
fn edges(axis: &[Lit], ranges: &[Range<usize>]) -> Result<Vec<(Lit, Option<Lit>)>, Impossible> {
    let edge = |range: &Range<usize>| {
        let upper = *axis.get(range.end - 1).ok_or(NO_ITEM)?;
        let before = range.start.checked_sub(1).map(|before| axis.get(before).copied().ok_or(NO_ITEM));
        Ok((upper, before.transpose()?))
    };
    ranges.iter().filter(|range| !range.is_empty()).map(edge).collect()
}
