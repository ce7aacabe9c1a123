//! The `meshlift` command: reads the command line, runs it, turns the outcome into an exit code.

use clap::Parser;
use meshlift::cli::{self, Cli};
use std::process::ExitCode;

/// Usage, I/O or parse error.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            cli::complain(&error);
            ExitCode::from(FAILED)
        }
    }
}
