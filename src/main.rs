//! The `meshlift` command: reads the command line, runs it, turns the outcome into an exit code.

use clap::Parser;
use meshlift::cli::{self, Cli};
use meshlift::files::commit::signals;
use std::process::ExitCode;

/// Usage, I/O or parse error.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            cli::complain_about_usage(&error);
            return ExitCode::from(FAILED);
        }
        // `--help` and `--version`.
        Err(text) => text.exit(),
    };
    let code = match cli::run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            cli::complain(&error);
            ExitCode::from(FAILED)
        }
    };
    // A signal that came while files were written was obeyed in words and deeds; now the process ends by it.
    signals::follow();
    code
}
