//! The pipeline, once, for every subcommand: read, understand, convert, prove, report.
//!
//! Nothing here prints or exits; [`Done`] says what happened and `cli` turns it into output and an exit code.

mod after;
mod bases;
mod exit;
mod fill;
mod folders;
mod load;
mod proof;
mod stated;
mod strangers;
mod verify;

pub use exit::{Exit, exit_code};
pub use folders::Folders;
pub use load::Reading;
pub use verify::{Comparison, compare, compare_with_revision, verify};

use crate::access::{self, Budget};
use crate::convert::Options;
use crate::convert::placement::{Placement, Style, place};
use crate::convert::plan::{Plan, plan};
use crate::files::Root;
use crate::finding::{Finding, Severity};
use crate::mapping::Mappings;
use crate::report::{FileChange, Purpose, Report};
use crate::yaml;
use load::{Loaded, load};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a conversion is to do.
#[derive(Debug)]
pub struct Job {
    /// What to read.
    pub roots: Vec<Root>,
    /// How to read it.
    pub reading: Reading,
    /// The mapping files.
    pub mappings: Mappings,
    /// The user's choices.
    pub options: Options,
    /// How new objects are written.
    pub style: Style,
    /// What the proof may cost; none with `--no-verify`.
    pub verify: Option<Budget>,
    /// `--keep-going`.
    pub keep_going: bool,
    /// For the closing lines.
    pub purpose: Purpose,
    /// Findings from before the pipeline started (mapping files, settings).
    pub findings: Vec<Finding>,
}

/// What a conversion did.
#[derive(Debug)]
pub struct Done {
    /// The result, for every renderer.
    pub report: Report,
    /// The new objects as one YAML stream, in an order that is safe to apply.
    pub stream: String,
    /// Files to be written: where they are, and their new text.
    pub changes: Vec<Change>,
    /// Every file that was parsed, so that no copy overwrites one.
    pub sources: Vec<crate::files::Source>,
    /// True when nothing stands against printing the new objects.
    pub may_print: bool,
    /// True when nothing stands against writing files.
    pub may_write: bool,
    /// What the exit code depends on.
    pub exit: Exit,
    /// For `--verbose`: what was read and how it was understood.
    pub notes: Vec<String>,
}

/// A file that changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// Path as shown to the user.
    pub shown: Arc<str>,
    /// The file as it was read.
    pub source: crate::files::SourceFile,
    /// The text that was read.
    pub old: Arc<str>,
    /// The text to write.
    pub new: Arc<str>,
}

/// Runs the pipeline.
pub fn run(job: Job) -> Done {
    let mut reading = job.reading;
    // The proof reads what the mapping files say about the old mesh, and nothing of what they say about the new one.
    reading.settings.added_keys = job.mappings.added_keys();
    let mut loaded = load(&job.roots, &reading, crate::files::Want::LegacyAndInventory);
    loaded.findings.splice(0..0, job.findings);

    let plan = plan(&loaded.world, &job.mappings, &job.options);
    let placement = place(&plan, &loaded.world, job.style);
    let changes = rewrite(&loaded, &placement);

    let mut findings = std::mem::take(&mut loaded.findings);
    findings.extend(loaded.world.findings.iter().cloned());
    findings.extend(plan.ledger.findings().iter().cloned());
    let read_back = after::read_back(&changes, &placement, &loaded);
    findings.extend(read_back.findings.iter().cloned());

    let proof = to_verify(job.verify, job.keep_going, &plan, &placement)
        .map(|budget| access::Options { strict: job.options.strict, budget })
        .map(|options| proof::prove_conversion(&loaded, &plan, &placement, &read_back, &options))
        .map(|verdicts| proof::without_assumed(verdicts, &plan.ledger.assumptions()));
    let (verification, unverified) = match proof {
        Ok(verdicts) => (verdicts, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let unverified = unverified.or_else(|| {
        verification.is_empty().then(|| "no Service and no workload is in the input to compare it on".to_owned())
    });
    let roots = loaded.world.environments.iter().map(|one| one.mesh.settings.root_namespace.as_str()).collect();
    let (allowed, strict) = (&job.options.allow, job.options.strict);
    findings.extend(proof::unexplained(&verification, &findings, allowed, strict, &roots));
    findings.extend(proof::about_unseen_pods(&loaded, &plan, job.options.strict));

    let exit = Exit::of(&findings, &job.options.allow, loaded.seen, !placement.changes.is_empty());
    let may_write = exit.may_write(job.keep_going);
    let mut report = fill::report(&loaded, &plan, &placement, &read_back, verification, findings);
    report.purpose = job.purpose;
    report.settings = reading.settings_from.clone();
    report.unverified = unverified;
    report.withheld = (!may_write && !changes.is_empty()).then(|| exit.reason_to_withhold().to_owned());
    report.files = changes
        .iter()
        .map(|change| FileChange { path: change.shown.clone(), old: change.old.clone(), new: change.new.clone() })
        .collect();
    report.sort();
    let done = Done {
        stream: stream(&placement),
        notes: loaded.notes,
        sources: loaded.files.into_values().map(|file| file.source.source).collect(),
        report,
        changes,
        may_print: exit.may_print(job.keep_going),
        may_write,
        exit,
    };
    // Freeing a large input takes a while, and nobody has to wait for it.
    rayon::spawn(move || drop((loaded.world, plan, placement, read_back)));
    done
}

/// The changed files with their new text.
fn rewrite(loaded: &Loaded, placement: &Placement) -> Vec<Change> {
    placement
        .changes
        .iter()
        .filter_map(|(file, slots)| {
            let read = loaded.files.get(file)?;
            let new = yaml::rewrite(&read.stream, slots).into();
            Some(Change { shown: file.clone(), source: read.source.clone(), old: read.stream.text.clone(), new })
        })
        .collect()
}

/// The new objects as one stream, each with its namespace spelled out.
fn stream(placement: &Placement) -> String {
    let documents: Vec<String> =
        placement.in_apply_order().into_par_iter().map(|placed| yaml::emit(&placed.standalone())).collect();
    documents.join("---\n")
}

/// What the proof of the result may cost; or why it is not proved, as part of a sentence.
fn to_verify(verify: Option<Budget>, keep_going: bool, plan: &Plan, placement: &Placement) -> Result<Budget, String> {
    let budget = verify.ok_or("--no-verify was given")?;
    if !plan.ledger.refused().is_empty() && !keep_going {
        Err("something was refused, so the result is not complete".to_owned())
    } else if placement.changes.is_empty() {
        Err("there is nothing to convert".to_owned())
    } else {
        Ok(budget)
    }
}

/// How many findings have a severity.
pub fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// Texts by path, for the lines that findings show.
pub(crate) type Sources = BTreeMap<Arc<str>, Arc<str>>;
