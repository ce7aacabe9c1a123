//! `meshlift check`: findings and verdict only.

use super::args::CheckArgs;
use super::{Output, settings};
use crate::report::Purpose;
use crate::run;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`].
pub fn run(args: &CheckArgs) -> anyhow::Result<u8> {
    let output = Output::new(&args.conversion.output);
    let done = run::run(settings::job(&args.conversion, Purpose::Preview)?);
    output.notes(&done.notes)?;
    output.report(&done.report, args.format, false)?;
    settings::write_report(&args.conversion, &done.report)?;
    Ok(run::exit_code(done.exit, true))
}
