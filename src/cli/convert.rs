//! `meshlift convert`: the new objects on standard output, in place, or as copies.

use super::args::ConvertArgs;
use super::{Output, settings};
use crate::files;
use crate::finding::Finding;
use crate::report::{self, Purpose, Wrote};
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
        write(args.output.as_deref(), &mut done);
    } else if !to_files && done.may_print {
        output.data(&done.stream)?;
        done.report.withheld = None;
    }
    output.err(&report::text::render(&done.report, &output.style_of_errors()))?;
    settings::write_report(&args.conversion, &done.report)?;
    Ok(run::exit_code(done.exit, false))
}

/// Writes every changed file, or none.
fn write(below: Option<&Path>, done: &mut run::Done) {
    match changes(below, done).and_then(commit) {
        Ok((0, _)) => {}
        Ok((count, notes)) => {
            done.report.findings.extend(notes);
            done.report.sort();
            let directory = below.map(|folder| folder.display().to_string());
            done.report.wrote = Some(Wrote { files: count, directory });
        }
        Err(findings) => {
            done.exit.unreadable = true;
            done.report.findings.extend(findings);
            done.report.sort();
        }
    }
}

fn changes(below: Option<&Path>, done: &run::Done) -> Result<Vec<files::Change>, Vec<Finding>> {
    let changed = done.changes.iter();
    match below {
        None => {
            let outside = files::output::leaving(done.changes.iter().map(|change| &change.source.source));
            if !outside.is_empty() {
                return Err(outside);
            }
            Ok(changed.filter_map(|change| files::Change::in_place(&change.source, change.new.to_string())).collect())
        }
        Some(folder) => {
            let texts = changed.map(|change| (&change.source.source, change.new.to_string())).collect();
            let inputs: Vec<&files::Source> = done.sources.iter().collect();
            files::output::copies(folder, texts, &inputs)
        }
    }
}

/// How many files were written, and what had to be done before.
fn commit(changes: Vec<files::Change>) -> Result<(usize, Vec<Finding>), Vec<Finding>> {
    let count = changes.len();
    let notes = if count > 0 { files::Commit::prepare(changes)?.finish()? } else { Vec::new() };
    Ok((count, notes))
}
