//! What every workload demands, by port.

use super::asked::{self, Asked};
use super::{ports, replaced};
use crate::api::ManifestId;
use crate::api::core::Transport;
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::effective::{Effective, same_object};
use crate::convert::authn::findings::unresolved_port;
use crate::convert::authn::meaning::JwtMeaning;
use crate::convert::authn::subjects::{Port, Proxy, Subject, UnknownPort};
use crate::convert::authn::work::Work;
use crate::mesh::Protocol;
use std::collections::{BTreeMap, BTreeSet};

/// What the workloads of the mesh demand.
#[derive(Debug)]
pub(super) struct Jwt<'a> {
    /// Distinct demands.
    pub(super) asked: Vec<Asked>,
    /// One plan per subject, in the same order.
    pub(super) plans: Vec<Plan<'a>>,
}

/// What a workload demands.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan<'a> {
    /// Index into the distinct demands, to the **container** ports they hold on.
    pub(super) on: BTreeMap<usize, BTreeSet<u16>>,
    /// The policies they come from.
    pub(super) policies: Vec<&'a AuthenticationPolicy>,
    /// HTTP ports on which no token was looked at.
    pub(super) free: BTreeSet<u16>,
    /// Container ports that are not among the above and may be HTTP in the new mesh, where every token is looked at.
    pub(super) newly_read: BTreeSet<u16>,
    /// A RequestAuthentication of the input has taken the place of the policies already (1.5).
    pub(super) replaced: bool,
}

/// Distinct demands, each worked out once.
#[derive(Debug, Default)]
struct Demands {
    all: Vec<Asked>,
    /// Whether the policy is for a gateway matters: mtls peers do not count there (§2.3).
    known: BTreeMap<(Option<ManifestId>, Proxy), Option<usize>>,
}

impl Demands {
    /// The index of what a policy demands; works it out when it is new.
    fn on(&mut self, work: &mut Work<'_>, effective: &Effective<'_>, proxy: Proxy) -> Option<usize> {
        let policy = effective.policy.filter(|policy| JwtMeaning::of(policy).demands_token())?;
        let key = (policy.meta.manifest, proxy);
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = asked::by(work, policy, proxy).map(|asked| self.index_of(asked));
        self.known.insert(key, id);
        id
    }

    fn index_of(&mut self, asked: Asked) -> usize {
        self.all.iter().position(|other| *other == asked).unwrap_or_else(|| {
            self.all.push(asked);
            self.all.len() - 1
        })
    }
}

impl<'a> Jwt<'a> {
    /// Works out what EVERY workload demands.
    pub(super) fn of(work: &mut Work<'a>) -> Jwt<'a> {
        let mut demands = Demands::default();
        let plans = work.subjects().iter().map(|subject| plan(work, subject, &mut demands)).collect();
        Jwt { asked: demands.all, plans }
    }

    /// Every policy that demands or checks tokens somewhere, once.
    pub(super) fn policies(&self, work: &Work<'a>) -> Vec<&'a AuthenticationPolicy> {
        work.in_order(self.plans.iter().flat_map(|plan| plan.policies.iter().copied()).collect())
    }
}

impl<'a> Plan<'a> {
    fn add(&mut self, policy: &'a AuthenticationPolicy) {
        if !self.policies.iter().any(|known| same_object(known, policy)) {
            self.policies.push(policy);
        }
    }

    /// Every port on which a token is demanded or checked.
    pub(super) fn ports(&self) -> BTreeSet<u16> {
        self.on.values().flatten().copied().collect()
    }
}

fn plan<'a>(work: &mut Work<'a>, subject: &'a Subject<'a>, demands: &mut Demands) -> Plan<'a> {
    let mut plan = Plan { replaced: replaced::is_replaced(work, subject), ..Plan::default() };
    for port in &subject.ports {
        match demands.on(work, &port.effective, subject.proxy()) {
            Some(id) => add_port(work, subject, port, id, &mut plan),
            None if port.protocol == Protocol::Tcp => {}
            None => {
                plan.free.insert(port.number);
            }
        }
    }
    for unknown in subject.unknown.iter().filter(|unknown| unknown.protocol != Protocol::Tcp) {
        let demanded = demands.on(work, &unknown.effective, subject.proxy()).is_some();
        if demanded && !plan.replaced {
            number_not_known(work, subject, unknown);
        }
    }
    plan.newly_read = newly_read(subject, &plan);
    plan
}

/// A port whose policy demands tokens.
fn add_port<'a>(work: &mut Work<'a>, subject: &Subject<'a>, port: &Port<'a>, id: usize, plan: &mut Plan<'a>) {
    let Some(policy) = port.effective.policy else { return };
    if plan.replaced {
        replaced::report(work, policy);
    } else if !ports::is_http(subject, port) {
        ports::without_http(work, subject, port, policy);
    } else {
        ports::remark(work, subject, port, policy);
        plan.on.entry(id).or_default().insert(port.number);
        plan.add(policy);
    }
}

fn number_not_known(work: &mut Work<'_>, subject: &Subject<'_>, unknown: &UnknownPort<'_>) {
    let Some(policy) = unknown.effective.policy else { return };
    let place = ports::place_of_target(policy, unknown.service);
    work.refuse(policy, unresolved_port(unknown, place, subject.namespace()));
}

/// Ports that the new mesh sniffs and the old one took for TCP, and declared ports that no Service leads to.
fn newly_read(subject: &Subject<'_>, plan: &Plan<'_>) -> BTreeSet<u16> {
    let sniffed = subject.ports.iter().filter(|port| {
        port.protocol == Protocol::Tcp
            && port.governed.as_ref().is_some_and(|governed| governed.new_protocol != Protocol::Tcp)
    });
    let declared = subject.workload.ports.iter().filter(|port| port.transport == Transport::Tcp);
    let undeclared = declared.map(|port| port.number).filter(|n| !subject.ports.iter().any(|port| port.number == *n));
    let demanded = plan.ports();
    sniffed.map(|port| port.number).chain(undeclared).filter(|number| !demanded.contains(number)).collect()
}
