//! The result of a run as data: what was read, what became what, what was found, and what was proved.
//!
//! Every renderer reads this and nothing else. Serialised, it is the JSON report (`inside/design.md` §7, `schemaVersion` 1);
//! fields that only people need (source texts, deciding rules' sentences) are left out of the JSON.

use super::json;
use crate::finding::{self, Assumption, Finding, ObjectRef, Place, Severity};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The version of the JSON report's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of one run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "meshlift report", deny_unknown_fields)]
pub struct Report {
    /// Always 1; a later shape of this report will have another number.
    pub schema_version: u32,
    /// The settings file in force, like `meshlift.yaml` or `meshlift.yaml@origin/main`; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// Tallies.
    pub summary: Summary,
    /// Which old objects became which new ones, in the order of their places.
    pub conversions: Vec<Conversion>,
    /// What the user should know, in the order of its places. Of many findings of one code about one object, the first
    /// 50; the last of them says in `more` how many follow.
    #[serde(serialize_with = "json::findings")]
    #[schemars(with = "Vec<json::FindingRow>")]
    pub findings: Vec<Finding>,
    /// One verdict on access per workload, port and transport, worst first.
    pub verification: Vec<Verification>,
    /// What the result takes for granted; the verdicts hold given these. Left out when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::assumptions")]
    #[schemars(with = "Vec<json::AssumptionRow>")]
    pub assumptions: Vec<Assumption>,
    /// The old objects that stay as they are, each with the reason. Left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,

    /// What the run was for; decides which closing lines make sense.
    #[serde(skip)]
    pub purpose: Purpose,
    /// Why there is no verification, as a sentence part ("--no-verify was given"); `None` when it ran.
    #[serde(skip)]
    pub unverified: Option<String>,
    /// Relaxations that the conversion used, by name. Those that verdicts needed are in [`Verification::relaxations`].
    #[serde(skip)]
    pub relaxations: BTreeSet<String>,
    /// Files whose text changes: only those, each once.
    #[serde(skip)]
    pub files: Vec<FileChange>,
    /// The texts of the files that findings point into, by path, to show the lines meant.
    #[serde(skip)]
    pub sources: BTreeMap<Arc<str>, Arc<str>>,
    /// What was written to disk; `None` when nothing was (also when nothing was asked to be).
    #[serde(skip)]
    pub wrote: Option<Wrote>,
    /// Why nothing was written although it was asked for, as a sentence part ("1 object was refused").
    #[serde(skip)]
    pub withheld: Option<String>,
}

/// What a run was for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// `diff` and `check`: show what would happen.
    #[default]
    Preview,
    /// `convert`: do it.
    Convert,
    /// `verify`: compare two sets of manifests; nothing is converted.
    Compare,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Documents in them (items of a List count as documents).
    pub documents: usize,
    /// Objects of the old kinds.
    pub legacy: usize,
    /// Old objects that became new ones.
    pub converted: usize,
    /// Old objects left as they are, because converting them would change access.
    pub refused: usize,
    /// Old objects that had no effect and become nothing.
    pub inert: usize,
    /// New objects.
    pub generated: usize,
    /// Files or documents that could not be read, or were left out.
    pub skipped: usize,
}

/// Old objects and what they became.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Conversion {
    /// The old objects: several when they were merged.
    pub from: Vec<OldObject>,
    /// The new objects; none when the old ones had no effect.
    pub to: Vec<NewObject>,
    /// When `to` is empty: why the old objects had no effect, in one sentence.
    #[serde(skip)]
    pub inert: Option<String>,
}

/// An old object that stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Refused {
    /// Its name.
    #[serde(serialize_with = "json::object")]
    #[schemars(with = "json::ObjectRow")]
    pub object: ObjectRef,
    /// Path as shown to the user.
    pub file: String,
    /// 1-based line on which it starts.
    pub line: usize,
    /// The code of the finding that says why.
    pub because: String,
    /// The object that the finding is about, when this one shares its refusal.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::optional_object")]
    #[schemars(with = "Option<json::ObjectRow>")]
    pub with: Option<ObjectRef>,
}

/// An old object as it was found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OldObject {
    /// Path as shown to the user.
    pub file: String,
    /// 1-based line on which it starts.
    pub line: usize,
    /// Its name.
    #[serde(serialize_with = "json::object")]
    #[schemars(with = "json::ObjectRow")]
    pub object: ObjectRef,
    /// Its source text.
    #[serde(skip)]
    pub text: String,
}

/// A new object as it is (or would be) written.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct NewObject {
    /// Its name.
    #[serde(serialize_with = "json::object")]
    #[schemars(with = "json::ObjectRow")]
    pub object: ObjectRef,
    /// Path as shown to the user.
    pub file: String,
    /// 1-based line on which it starts in the new file.
    pub line: usize,
    /// Its text.
    #[serde(skip)]
    pub text: String,
}

/// A file whose text changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path as shown to the user.
    pub path: Arc<str>,
    /// The text before.
    pub old: Arc<str>,
    /// The text after.
    pub new: Arc<str>,
}

/// What was written to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// How many files.
    pub files: usize,
    /// Under which folder (`-o DIR`); `None` when the files were rewritten in place.
    pub directory: Option<String>,
    /// Who keeps the texts that were replaced.
    pub old_texts: OldTexts,
}

/// Who keeps the old texts of rewritten files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OldTexts {
    /// git does, or none was replaced.
    Kept,
    /// Copies under this folder (`--backup DIR`).
    Under(String),
    /// Nobody, for so many of the files (at least one).
    Nowhere(usize),
}

/// The verdict on one workload, port and transport.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Verification {
    /// The workload, or the Service that stands in for a workload whose manifest is not known.
    #[serde(serialize_with = "json::object")]
    #[schemars(with = "json::ObjectRow")]
    pub workload: ObjectRef,
    /// The container port; null for all ports that no Service declares.
    pub port: Option<u16>,
    /// The kind of traffic.
    pub transport: Transport,
    /// What was found out.
    pub verdict: Verdict,
    /// The accepted differences without which the verdict would not be `equal`, by name.
    pub relaxations: BTreeSet<String>,
    /// Requests that show the difference; empty where there is none.
    pub witness: Witnesses,
    /// True for the ports of a Service that the input does not show; `port` is null then. Left out when false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unseen_service: bool,
    /// True when the workload is a Service's selector, because no manifest of a workload is known.
    #[serde(skip)]
    pub stand_in: bool,
    /// Why the verdict is `undecided`, or what may be different beside the difference that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecided: Option<Undecided>,
}

/// Why nothing is proved about a workload and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Undecided {
    /// An object that bears on these pods could not be read or is not understood in full, or policies can tell more pods
    /// apart than are compared.
    NotUnderstood,
    /// The proof ran out of its budget.
    OutOfBudget {
        /// What it ran out at, as the end of a sentence.
        at: String,
        /// How many sampled requests were compared; none of them differed.
        sampled: u64,
    },
    /// meshlift is wrong about itself. Please report it.
    InternalError {
        /// What cannot be, as the end of "the proof has …".
        what: String,
    },
}

/// The kind of traffic compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP requests.
    Http,
    /// TCP connections.
    Tcp,
}

impl Transport {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Http => "HTTP",
            Transport::Tcp => "TCP",
        }
    }
}

/// What a comparison found out. Ordered worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The new side allows requests that the old one denied, and denies others that it allowed.
    Different,
    /// The new side allows requests that the old one denied.
    Wider,
    /// The new side denies requests that the old one allowed.
    Narrower,
    /// Neither proved equal nor shown to differ.
    Undecided,
    /// Proved equal, apart from the relaxations named.
    Equal,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Verdict; 5] =
        [Verdict::Different, Verdict::Wider, Verdict::Narrower, Verdict::Undecided, Verdict::Equal];

    /// The word used in every output format.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Different => "different",
            Verdict::Wider => "wider",
            Verdict::Narrower => "narrower",
            Verdict::Undecided => "undecided",
            Verdict::Equal => "equal",
        }
    }
}

/// Requests that show a difference, one per direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Witnesses {
    /// A request that was denied before and is allowed after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wider: Option<Witness>,
    /// A request that was allowed before and is denied after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrower: Option<Witness>,
}

impl Witnesses {
    /// Both, the one that fails open first.
    pub fn iter(&self) -> impl Iterator<Item = &Witness> {
        self.wider.iter().chain(&self.narrower)
    }
}

/// A request that the two sides decide differently.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Witness {
    /// What the request is made of, in reading order.
    #[serde(serialize_with = "json::attributes")]
    #[schemars(with = "Vec<json::AttributeRow>")]
    pub request: Vec<(String, String)>,
    /// A curl command that sends it, for HTTP.
    pub curl: Option<String>,
    /// What decided before.
    pub before: Decision,
    /// What decides after.
    pub after: Decision,
}

/// How one side decides a request, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Decision {
    /// Allowed or denied.
    pub allowed: bool,
    /// Why: "no ALLOW rule matches", "rule 2 of AuthorizationPolicy shop/cart".
    #[serde(serialize_with = "json::sentence")]
    pub reason: String,
    /// The rule or object that decided, when there is one.
    #[serde(serialize_with = "json::located")]
    #[schemars(with = "Option<json::LocatedRow>")]
    pub at: Option<(ObjectRef, Place)>,
}

impl Default for Report {
    fn default() -> Report {
        Report {
            schema_version: SCHEMA_VERSION,
            settings: None,
            summary: Summary::default(),
            conversions: Vec::new(),
            findings: Vec::new(),
            verification: Vec::new(),
            assumptions: Vec::new(),
            refused: Vec::new(),
            purpose: Purpose::default(),
            unverified: None,
            relaxations: BTreeSet::new(),
            files: Vec::new(),
            sources: BTreeMap::new(),
            wrote: None,
            withheld: None,
        }
    }
}

impl Report {
    /// Puts everything into the order in which it is shown, so that no renderer depends on who found what first.
    pub fn sort(&mut self) {
        finding::sort(&mut self.findings);
        self.conversions.sort_by_cached_key(conversion_key);
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.verification.sort_by_cached_key(verification_key);
    }

    /// True when files would change, or old objects become something, and nothing has been written yet.
    pub fn pending(&self) -> bool {
        self.wrote.is_none() && (!self.files.is_empty() || !self.conversions.is_empty())
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Every relaxation that the conversion used or a verdict needed, by name.
    pub fn all_relaxations(&self) -> BTreeSet<&str> {
        let needed = self.verification.iter().flat_map(|verification| &verification.relaxations);
        self.relaxations.iter().chain(needed).map(String::as_str).collect()
    }

    /// The worst verdict; `None` when nothing was compared.
    pub fn worst(&self) -> Option<Verdict> {
        self.verification.iter().map(|verification| verification.verdict).min()
    }
}

fn conversion_key(conversion: &Conversion) -> impl Ord + use<> {
    let from = conversion.from.first().map(|old| (old.file.clone(), old.line, old.object.clone()));
    let to = conversion.to.first().map(|new| (new.file.clone(), new.line, new.object.clone()));
    (from, to)
}

/// Worst first, then by workload; all undeclared ports (`None`) after the declared ones.
fn verification_key(verification: &Verification) -> impl Ord + use<> {
    let workload = &verification.workload;
    let name = (workload.namespace.clone(), workload.name.clone(), workload.kind.clone());
    (verification.verdict, name, verification.port.is_none(), verification.port, verification.transport)
}
