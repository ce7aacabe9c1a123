//! `meshlift explain`: what a finding means.

use super::Output;
use super::args::{Color, ExplainArgs, OutputArgs};
use crate::finding::Code;
mod explain {
    use crate::finding::Code;
    use crate::report::Style;
    pub fn list(_: &Style) -> String {
        String::new()
    }
    pub fn code(_: Code, _: &Style) -> String {
        String::new()
    }
    pub fn unknown(_: &str, _: &Style) -> String {
        String::new()
    }
}

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
            output.out(&explain::code(code, &style))?;
            Ok(0)
        }
        None => {
            output.err(&explain::unknown(name, &style))?;
            Ok(2)
        }
    }
}
