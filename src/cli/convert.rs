//! `meshlift convert`: the new objects on standard output, in place, or as copies.

use super::args::ConvertArgs;
use super::{Output, settings};
use crate::files;
use crate::files::in_place::{Dirty, Rewrite, Safety};
use crate::finding::Finding;
use crate::report::{self, OldTexts, Purpose, Wrote};
use crate::run;
use anyhow::bail;
use std::path::Path;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`].
pub fn run(args: &ConvertArgs) -> anyhow::Result<u8> {
    let output = Output::new(&args.conversion.output);
    let from_stdin = args.conversion.paths.iter().any(|path| path.as_os_str() == "-");
    if from_stdin && args.write {
        bail!("standard input cannot be rewritten; leave out `--write` and send standard output to a file");
    }
    let to_files = args.write || args.output.is_some();
    let mut job = settings::job(&args.conversion, Purpose::Convert)?;
    if args.write {
        job.reading.leftovers = files::Leftovers::Undo;
    }
    let mut done = run::run(job);
    output.notes(&done.notes)?;
    if to_files && done.may_write {
        write(args, &mut done);
    } else if !to_files && done.may_print {
        output.data(&done.stream)?;
        done.report.withheld = None;
    }
    output.err(&report::text::render(&done.report, &output.style_of_errors()))?;
    settings::write_report(&args.conversion, &done.report)?;
    Ok(run::exit_code(done.exit, false))
}

/// What was written, and what had to be done before.
type Written = (Wrote, Vec<Finding>);

/// Writes every changed file, or none.
fn write(args: &ConvertArgs, done: &mut run::Done) {
    if done.changes.is_empty() {
        return;
    }
    let outcome = match &args.output {
        Some(folder) => copies(folder, done),
        None => in_place(args, done),
    };
    match outcome {
        Ok((wrote, notes)) => {
            done.report.findings.extend(notes);
            done.report.wrote = Some(wrote);
        }
        Err(findings) => {
            done.exit.unreadable = true;
            done.report.findings.extend(findings);
        }
    }
    done.report.sort();
}

fn in_place(args: &ConvertArgs, done: &run::Done) -> Result<Written, Vec<Finding>> {
    let rewrite = |change: &run::Change| Rewrite { file: change.source.clone(), after: change.new.to_string() };
    let rewrites: Vec<Rewrite> = done.changes.iter().map(rewrite).collect();
    let inputs: Vec<&files::Source> = done.sources.iter().collect();
    let dirty = if args.allow_dirty { Dirty::Allow } else { Dirty::Refuse };
    let written = files::in_place::rewrite(&rewrites, &inputs, Safety { dirty, backup: args.backup.as_deref() })?;
    let old_texts = match (&args.backup, written.unkept) {
        (Some(folder), _) => OldTexts::Under(files::shown::shown(folder).to_string()),
        (None, 0) => OldTexts::Kept,
        (None, unkept) => OldTexts::Nowhere(unkept),
    };
    Ok((Wrote { files: rewrites.len(), directory: None, old_texts }, written.notes))
}

fn copies(folder: &Path, done: &run::Done) -> Result<Written, Vec<Finding>> {
    let texts = done.changes.iter().map(|change| (&change.source.source, change.new.to_string())).collect();
    let inputs: Vec<&files::Source> = done.sources.iter().collect();
    let changes = files::output::copies(folder, texts, &inputs)?;
    let count = changes.len();
    let notes = files::Commit::prepare(changes)?.finish()?;
    let directory = Some(folder.display().to_string());
    Ok((Wrote { files: count, directory, old_texts: OldTexts::Kept }, notes))
}
