//! Arguments into calls, verdicts into exit codes: one file per subcommand.

pub mod args;
mod check;
pub mod config;
mod convert;
mod diff;
mod explain;
mod mapping;
mod output;
mod settings;
mod texts;
mod verify;

pub use args::Cli;

use crate::report::gate;
use args::Command;
use output::Output;

/// Runs one command line.
///
/// # Errors
/// What keeps meshlift from starting: settings or options that contradict each other, or an output that cannot be
/// written. What a user's manifests say is never an error here; it is in the report and in the exit code.
pub fn run(cli: Cli) -> anyhow::Result<u8> {
    match cli.command {
        None => diff::run(&cli.diff),
        Some(Command::Diff(args)) => diff::run(&args),
        Some(Command::Convert(args)) => convert::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Mapping(args)) => mapping::run(&args),
        Some(Command::Schema(args)) => texts::schema(args.which),
        Some(Command::Completions(args)) => texts::completions(args.shell),
        Some(Command::Man) => texts::man(),
    }
}

/// Says on standard error what is wrong with the command line; file names from strangers may stand in it.
pub fn complain_about_usage(error: &clap::Error) {
    let output = Output::plain();
    let text = error.render();
    let text = if output.style_of_errors().color { text.ansi().to_string() } else { text.to_string() };
    // When standard error is gone there is nobody left to tell.
    let _ = output.err(&text);
}

/// Says on standard error why meshlift could not do its work.
pub fn complain(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    // When standard error is gone there is nobody left to tell.
    let _ = Output::plain().err(&format!("meshlift: {}\n", gate::line(&causes.join(": "))));
}
