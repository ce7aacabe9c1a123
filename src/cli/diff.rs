//! `meshlift diff`: what would change, as a diff that pairs old and new objects.

use super::args::DiffArgs;
use super::{Output, settings};
use crate::report::Purpose;
use crate::run;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`].
pub fn run(args: &DiffArgs) -> anyhow::Result<u8> {
    let output = Output::new(&args.conversion.output);
    let done = run::run(settings::job(&args.conversion, Purpose::Preview)?);
    output.notes(&done.notes)?;
    output.report(&done.report, args.format, true)?;
    settings::write_report(&args.conversion, &done.report)?;
    Ok(run::exit_code(done.exit, args.exit_code))
}
