//! `meshlift verify`: do two sets of manifests grant the same access?

use super::args::{Accepted, Format, MeshArgs, VerifyArgs, VerifyFormat};
use super::{Output, settings};
use crate::access;
use crate::files::{Root, Snapshot};
use crate::report::{self, Report, Verdict};
use crate::run::{self, Comparison, Reading};
use anyhow::{anyhow, bail};
use std::path::PathBuf;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`], and when the git revision cannot be read.
pub fn run(args: &VerifyArgs) -> anyhow::Result<u8> {
    let output = Output::new(&args.output);
    let (comparison, reading) = match (&args.base, args.paths.as_slice()) {
        (Some(base), paths) => with_revision(base, paths, &args.mesh)?,
        (None, [before, after]) => {
            let (reading, inventory) = settings::reading(&args.mesh)?;
            let side = |path: &PathBuf| {
                let mut roots = vec![Root::input(path)];
                roots.extend(inventory.iter().cloned());
                roots
            };
            (run::compare(&side(before), &side(after), &reading), reading)
        }
        (None, _) => {
            bail!("`verify` compares two sets of manifests: name BEFORE and AFTER, or one set with `--base REF`")
        }
    };
    let options = access::Options { strict: args.strict, budget: settings::proof_budget(&args.mesh.limits) };
    let report = run::verify(&comparison, &reading, &options);
    output.notes(&comparison.notes())?;
    let format = match args.format {
        VerifyFormat::Text => Format::Text,
        VerifyFormat::Markdown => Format::Markdown,
        VerifyFormat::Json => Format::Json,
    };
    output.report(&report, format, false)?;
    Ok(exit_code(&report, &comparison, &args.accept))
}

/// Compares under the settings of the revision; that the branch has others is a finding.
fn with_revision(base: &str, paths: &[PathBuf], mesh: &MeshArgs) -> anyhow::Result<(Comparison, Reading)> {
    let mut snapshot =
        Snapshot::open(base, &settings::limits(&mesh.limits)).map_err(|finding| anyhow!("{}", finding.message))?;
    let (reading, inventory, findings) = settings::reading_at(mesh, &mut snapshot)?;
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let comparison = run::compare_with_revision(&mut snapshot, paths, &inventory, &reading)?;
    Ok((comparison.with(findings), reading))
}

/// 2 when something could not be read, 5 when there was nothing to read, 4 on a difference and 3 on changed settings that were not
/// accepted.
fn exit_code(report: &Report, comparison: &Comparison, accepted: &[Accepted]) -> u8 {
    let exit = run::Exit::of(&report.findings, &Default::default(), comparison.seen(), false);
    let tolerated = |verdict: Verdict| match verdict {
        Verdict::Equal => true,
        Verdict::Wider => accepted.contains(&Accepted::Wider),
        Verdict::Narrower => accepted.contains(&Accepted::Narrower),
        Verdict::Different => accepted.contains(&Accepted::Wider) && accepted.contains(&Accepted::Narrower),
        Verdict::Undecided => accepted.contains(&Accepted::Undecided),
    };
    let doubted = |row: &report::Verification| row.undecided.is_some() && !tolerated(Verdict::Undecided);
    // ANY verdict that is not tolerated is a difference, and so is ANY doubt about one.
    let different = report.verification.iter().any(|row| !tolerated(row.verdict) || doubted(row));
    let settings_changed = exit.settings_changed && !accepted.contains(&Accepted::Settings);
    run::exit_code(run::Exit { different, settings_changed, lossy: false, ..exit }, false)
}
