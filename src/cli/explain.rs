//! `meshlift explain`: what a finding means.

use super::Output;
use super::args::{Color, ExplainArgs, OutputArgs};
use crate::finding::Code;
use crate::report::explain;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`].
pub fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let output = Output::new(&OutputArgs { color: Color::Auto, quiet: false, verbose: false });
    let style = output.style();
    let Some(name) = &args.code else {
        output.out(&explain::list(&style))?;
        return Ok(0);
    };
    match Code::find(name) {
        Some(code) => {
            output.out(&explain::render(code, &style))?;
            Ok(0)
        }
        None => {
            output.err(&explain::unknown(name))?;
            Ok(2)
        }
    }
}
