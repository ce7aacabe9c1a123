//! `meshlift mapping`: the mapping files.

use super::Output;
use super::args::{MappingAction, MappingArgs};
use crate::files::{self, Limits};
use crate::finding::Finding;
use crate::mapping::{self, Listed, Mappings};
use crate::report::{Report, Style, gate, table, text};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
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
            Ok(0)
        }
        MappingAction::Show { name, yaml } => show(&mappings, name, *yaml, &output).map(|()| 0),
        MappingAction::Check { file } => check(file, &output),
    }
}

fn show(mappings: &Mappings, name: &str, yaml: bool, output: &Output) -> anyhow::Result<()> {
    let Some(listed) = mappings.find(name) else {
        let known: Vec<String> = mappings.list().into_iter().map(|listed| listed.name).collect();
        let meant = mappings.nearest(name).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        bail!("there is no mapping called `{name}`{meant} There are {}", known.join(", "));
    };
    if yaml {
        return output.data(mappings.text(&listed.name).unwrap_or_default());
    }
    output.out(&page(mappings, &listed, output.style().width))
}

/// What becomes of every field, as a table.
fn page(mappings: &Mappings, listed: &Listed, width: usize) -> String {
    let shown = listed.path.clone().unwrap_or_else(|| format!("mappings/{}.yaml", listed.name));
    let file = shown.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let rows: Vec<[String; 3]> = mappings
        .decisions(&listed.name)
        .into_iter()
        .map(|decision| {
            let why = match decision.why.is_empty() {
                true => String::new(),
                false => format!("{} ({file}:{})", decision.why, decision.line),
            };
            [decision.field, decision.becomes, why]
        })
        .collect();
    let head = [
        gate::line(&listed.title).into_owned(),
        format!("{} of {}", listed.kinds.join(" and "), listed.api_version),
        listed.reference.as_deref().map(|reference| gate::line(reference).into_owned()).unwrap_or_default(),
    ];
    let head: Vec<String> = head.into_iter().filter(|line| !line.is_empty()).collect();
    let about: String =
        mappings.about(&listed.name).iter().map(|paragraph| table::prose(paragraph, width) + "\n").collect();
    let headings = ["OLD FIELD (below spec)", "WHAT BECOMES OF IT", "WHY, AND WHERE THAT IS WRITTEN"];
    let foot = format!(
        "Every other field was unknown to Istio, which ignored it; that is told as `unknown-field`. `meshlift mapping show {} --yaml` prints {shown}.",
        listed.name
    );
    let rows = table::render(headings, &rows, width);
    format!("{}\n\n{about}{rows}\n{}", head.join("\n"), table::prose(&foot, width))
}

fn check(file: &Path, output: &Output) -> anyhow::Result<u8> {
    let text =
        files::read_text(file, &Limits::default()).with_context(|| format!("{} cannot be read", file.display()))?;
    let shown = file.display().to_string();
    let findings = mapping::check(&shown, &text);
    if !findings.is_empty() {
        let sources = [(shown.as_str().into(), text.as_str().into())].into();
        output.err(&located(findings, sources, &output.style_of_errors()))?;
        return Ok(2);
    }
    output.out(&format!("{}: no mistakes found\n", gate::line(&shown)))?;
    Ok(0)
}

/// Findings as text, with the lines they are about.
fn located(findings: Vec<Finding>, sources: BTreeMap<Arc<str>, Arc<str>>, style: &Style) -> String {
    text::findings(&Report { findings, sources, ..Report::default() }, style).join("\n")
}
