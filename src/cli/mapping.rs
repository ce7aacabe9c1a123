//! `meshlift mapping`: the mapping files.

use super::Output;
use super::args::{MappingAction, MappingArgs};
use crate::files::{self, Limits};
use crate::finding::Finding;
use crate::mapping::{self, Mappings};
use crate::report::{Report, Style, gate, text};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs the subcommand.
///
/// # Errors
/// As for [`super::run`], and when a file cannot be read.
pub fn run(args: &MappingArgs) -> anyhow::Result<u8> {
    let output = Output::plain();
    let (mappings, findings) = match &args.mappings {
        Some(folder) => Mappings::load(&files::read_mappings(folder, &Limits::default())?),
        None => (Mappings::embedded(), Vec::new()),
    };
    if !findings.is_empty() {
        output.err(&located(findings, Default::default(), &output.style_of_errors()))?;
        return Ok(2);
    }
    match &args.action {
        MappingAction::List => {
            for listed in mappings.list() {
                output.out(&format!("{:24} {}\n", listed.name, listed.title))?;
            }
        }
        MappingAction::Show { name } => match mappings.show(name) {
            Some(text) => output.data(text)?,
            None => {
                let known: Vec<String> = mappings.list().into_iter().map(|listed| listed.name.to_string()).collect();
                bail!("there is no mapping called `{name}`; there are {}", known.join(", "));
            }
        },
        MappingAction::Check { file } => {
            let text = files::read_text(file, &Limits::default())
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let shown = file.display().to_string();
            let findings = mapping::check(&shown, &text);
            if !findings.is_empty() {
                let sources = [(shown.as_str().into(), text.as_str().into())].into();
                output.err(&located(findings, sources, &output.style_of_errors()))?;
                return Ok(2);
            }
            output.out(&format!("{}: no mistakes found\n", gate::line(&shown)))?;
        }
    }
    Ok(0)
}

/// Findings as text, with the lines they are about.
fn located(findings: Vec<Finding>, sources: BTreeMap<Arc<str>, Arc<str>>, style: &Style) -> String {
    text::findings(&Report { findings, sources, ..Report::default() }, style).join("\n")
}
