//! Schemas, completions and the manual page: texts that depend on nothing but meshlift itself.

use super::Output;
use super::args::{Cli, Schema};
use super::config::Config;
use crate::{mapping, report};
use anyhow::Context;
use clap::CommandFactory;

/// `meshlift schema`.
///
/// # Errors
/// When standard output cannot be written.
pub fn schema(which: Schema) -> anyhow::Result<u8> {
    let schema = match which {
        Schema::Mapping => mapping::schema(),
        Schema::Report => report::json_schema(),
        Schema::Config => Config::schema(),
    };
    let text = serde_json::to_string_pretty(&schema).context("the schema cannot be written as JSON")?;
    Output::plain().data(&format!("{text}\n"))?;
    Ok(0)
}

/// `meshlift completions`.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "meshlift", &mut script);
    Output::plain().data(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// `meshlift man`.
///
/// # Errors
/// When standard output cannot be written.
pub fn man() -> anyhow::Result<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    Output::plain().data(&String::from_utf8_lossy(&page))?;
    Ok(0)
}
