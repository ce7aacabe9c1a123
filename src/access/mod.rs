//! What a set of objects grants, and whether two sets grant the same (`inside/design.md` §8).
//!
//! Written from the specs alone; imports neither `convert` nor `mapping`, so that it can contradict them.
//!
//! Three shelves, each of which knows only those before it: [`logic`] (conditions on requests), [`worlds`] (who is allowed
//! in the old and in the new world), [`question`] (what is compared, and what comes out).
//!
//! The way through: [`prove()`] lists what to compare (`question::inventory`), compiles each side into clauses over request
//! attributes (`worlds::legacy`, `worlds::modern`; `worlds::decide` evaluates them directly), and compares them as formulas
//! (`question::compare`) over the classes of values that patterns can tell apart (`logic::partition`), by a solver
//! (`logic::solve`), within a budget. A model is a request that a person can read (`question::explain`).
//!
//! Modelled exactly: the attributes of `attribute`. Opaque, that is free but equal on both sides: regular expressions
//! of trigger rules that are not a literal, namespace patterns with a star in the middle, answers of external
//! authorizers, the service account of pods that no manifest shows. Left out: what neither side can change (`legacy`).

mod logic;
mod question;
#[cfg(test)]
mod tests;
mod worlds;

pub use crate::finding::Relaxation;
pub use logic::budget::Budget;
pub use question::prove::prove;

use crate::api::Labels;
use crate::finding::{ObjectRef, Place};
use crate::mesh::Mesh;
use std::collections::BTreeSet;

/// Under which rules a set of objects is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// The source release (`--from`): old kinds are enforced, new kinds override them as 1.4/1.5 did.
    Source,
    /// The target release (`--to`): old kinds have no effect.
    Target,
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The objects.
    pub mesh: &'a Mesh,
    /// The rules.
    pub world: World,
}

/// How the proof is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Accept no relaxation.
    pub strict: bool,
    /// What it may cost before a verdict is `undecided`.
    pub budget: Budget,
}

/// The result for one workload, port and transport.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The workload, as its manifest names it (or the Service it stands in for).
    pub workload: ObjectRef,
    /// True when no manifest of the workload is known and its Service's selector stands in for it.
    pub stand_in: bool,
    /// The **container** port; `None` for all ports that no Service declares.
    pub port: Option<u16>,
    /// `http` or `tcp`.
    pub transport: Transport,
    /// True for the ports of a Service that the input does not show; `port` is `None` then.
    pub unseen_service: bool,
    /// What was found.
    pub outcome: Outcome,
    /// Why it is undecided; with a difference that was found, why there may be others of another kind.
    pub doubt: Option<Doubt>,
    /// Relaxations without which the outcome would not be `Equal`.
    pub relaxations: BTreeSet<Relaxation>,
    /// A request that the new side allows and the old one denied.
    pub wider: Option<Witness>,
    /// A request that the old side allowed and the new one denies.
    pub narrower: Option<Witness>,
}

/// The kind of traffic compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// HTTP requests.
    Http,
    /// TCP connections.
    Tcp,
}

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Both ways: the new side also allows what the old denied, and denies what the old allowed.
    Different,
    /// The new side allows more.
    Wider,
    /// The new side allows less.
    Narrower,
    /// The budget ran out after this many sampled requests, none of which differed.
    Undecided(u64),
    /// Proved equal (modulo the relaxations named).
    Equal,
}

/// Why nothing is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// An object that bears on these pods could not be read or is not understood in full, or policies can tell more pods
    /// apart than are compared.
    NotUnderstood,
    /// The budget ran out at what this names, as the end of a sentence.
    OutOfBudget(String),
    /// meshlift is wrong about itself; the words end the sentence "the proof has …". No input is known to do this.
    Impossible(&'static str),
}

/// A request that shows a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// Labels that the pods are supposed to carry beyond those that their Service asks for: no manifest shows such
    /// pods, and none rules them out. Empty when the pods need none, which is preferred.
    pub supposed: Labels,
    /// The request as (what, value) lines a person can read: from, method, host, path, header x-env, token, ...
    pub request: Vec<(String, String)>,
    /// A curl-like line, for HTTP.
    pub curl: Option<String>,
    /// What decided on the old side.
    pub old: Decider,
    /// What decided on the new side.
    pub new: Decider,
}

/// What decided a request on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Decider {
    /// Allowed or denied.
    pub allowed: bool,
    /// Why, in one sentence: "no ALLOW rule matches", "rule 2 of AuthorizationPolicy shop/cart".
    pub reason: String,
    /// The rule or object, with its place, when there is one.
    pub at: Option<(ObjectRef, Place)>,
}
