//! Which workloads share a PeerAuthentication, and the selector that means them and nobody else (`meaning/authn.md` §4.4).

use super::mode::Base;
use super::plan::Group;
use crate::api::Labels;
use crate::convert::authn::existing::decides_already;
use crate::convert::authn::selectors::separating;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::Relaxation;
use crate::mesh::selects;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Groups of workloads, each with its selector or without one.
#[derive(Debug, Default)]
pub(super) struct Separated<'a> {
    /// Those that a selector can mean.
    pub(super) selected: Vec<(Group<'a>, Labels)>,
    /// Single workloads that no selector tells from others which would mind.
    pub(super) inseparable: Vec<Group<'a>>,
}

/// Joins workloads of the same services whose exceptions do not collide: two Deployments behind one Service (E34).
pub(super) fn joined_where_services_are_the_same<'a>(
    work: &mut Work<'a>,
    base: &Base,
    groups: Vec<Group<'a>>,
) -> Vec<Group<'a>> {
    let mut joined: BTreeMap<BTreeSet<&'a str>, Vec<Group<'a>>> = BTreeMap::new();
    for group in groups {
        let alike = joined.entry(group.plan.services()).or_default();
        let fits = alike.iter_mut().find_map(|other| join(work, base, other, &group).map(|both| (other, both)));
        match fits {
            Some((other, both)) => {
                if both.plan.ports != group.plan.ports || both.plan.ports != other.plan.ports {
                    work.part.ledger.relax(Relaxation::UndeclaredPorts);
                }
                *other = both;
            }
            None => alike.push(group),
        }
    }
    let mut groups: Vec<Group<'a>> = joined.into_values().flatten().collect();
    groups.sort_by(|a, b| a.members.cmp(&b.members));
    groups
}

fn join<'a>(work: &Work<'a>, base: &Base, one: &Group<'a>, other: &Group<'a>) -> Option<Group<'a>> {
    one.joined(other, work.subjects(), &|subject, port| base.wanted(work, subject, port))
}

/// Finds a selector for every group, joining groups that cannot be told apart and splitting those that cannot be
/// selected together.
pub(super) fn separate<'a>(
    work: &mut Work<'a>,
    base: &Base,
    groups: Vec<Group<'a>>,
    grouped: &BTreeSet<usize>,
) -> Separated<'a> {
    let mut waiting = VecDeque::from(groups);
    // Split once, never joined again: else two workloads could be put together and taken apart for ever.
    let mut apart: Vec<Group<'a>> = Vec::new();
    let mut separated = Separated::default();
    while let Some(group) = waiting.pop_front() {
        if let Some(selector) = selector_for(work, base, &group, grouped) {
            separated.selected.push((group, selector));
        } else if let Some((at, both)) = partner(work, base, &group, &waiting) {
            work.part.ledger.relax(Relaxation::UndeclaredPorts);
            waiting.remove(at);
            waiting.push_back(both);
        } else if group.members.len() > 1 {
            apart.extend(group.members.iter().map(|member| group.alone(*member)));
        } else {
            separated.inseparable.push(group);
        }
    }
    for alone in apart {
        match selector_for(work, base, &alone, grouped) {
            Some(selector) => separated.selected.push((alone, selector)),
            None => separated.inseparable.push(alone),
        }
    }
    separated
}

/// Another group that a service selector of this one selects as well, and that can share an object with it.
fn partner<'a>(
    work: &Work<'a>,
    base: &Base,
    group: &Group<'a>,
    waiting: &VecDeque<Group<'a>>,
) -> Option<(usize, Group<'a>)> {
    let selectors = group.service_selectors();
    let selects_pods = |index: &usize| {
        let labels = work.subjects().get(*index).map(Subject::labels);
        labels.is_some_and(|labels| selectors.iter().any(|selector| selects(selector, labels)))
    };
    let overlapping = waiting.iter().enumerate().filter(|(_, other)| other.members.iter().any(selects_pods));
    overlapping.into_iter().find_map(|(at, other)| join(work, base, group, other).map(|both| (at, both)))
}

/// A selector for a group that leaves alone every workload which would mind: those of another group, and those on which
/// a port would come out with another mode.
fn selector_for(work: &Work<'_>, base: &Base, group: &Group<'_>, grouped: &BTreeSet<usize>) -> Option<Labels> {
    let namespace = work.subjects().get(*group.members.first()?)?.namespace();
    let inherited = base.mode(namespace);
    let minds = |(index, subject): &(usize, &Subject<'_>)| {
        let decided = || decides_already(work.mesh(), &base.existing, subject).is_some();
        if group.members.contains(index) || subject.gateway || decided() {
            return false;
        }
        let changed = |port: u16| base.wanted(work, subject, port) != Some(group.plan.mode(port).unwrap_or(inherited));
        grouped.contains(index) || subject.ports.iter().any(|port| changed(port.number))
    };
    let members: Vec<&Labels> =
        group.members.iter().filter_map(|index| work.subjects().get(*index)).map(Subject::labels).collect();
    separating(&members, &group.service_selectors(), |selector| {
        !work.selected(Some(namespace), selector).iter().any(minds)
    })
}
