//! Settings are code: where a branch is judged, those of the base revision count, and a branch that has others is told so.

use super::super::args::SettingsArgs;
use super::source::{self, CONFIG_FILE, InForce};
use crate::files::{self, Limits, Snapshot};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The settings that count beside a revision: those that the options name, else the nearest of the revision itself.
///
/// # Errors
/// When they cannot be read or do not say what a settings file says.
pub fn in_force(args: &SettingsArgs, snapshot: &mut Snapshot, limits: &Limits) -> anyhow::Result<InForce> {
    if args.no_config || args.config.is_some() {
        return source::in_force(args, limits);
    }
    match nearest(snapshot)? {
        Some((path, bytes)) => InForce::read_at(snapshot, &path, bytes),
        None => Ok(InForce::nothing()),
    }
}

/// The settings that `--config REV:PATH` names; PATH begins at the top of the repository.
///
/// # Errors
/// As for [`in_force`], and when the revision does not hold the file.
pub fn named(base: &str, path: &str, limits: &Limits) -> anyhow::Result<InForce> {
    let failed = |finding: Finding| anyhow::anyhow!("`--config {base}:{path}`: {}", finding.message);
    let mut snapshot = Snapshot::open(base, limits).map_err(failed)?;
    let full = snapshot.top().join(path);
    match snapshot.file(&full).with_context(|| format!("{path} cannot be read at {base}"))? {
        Some(bytes) => InForce::read_at(&mut snapshot, &full, bytes),
        None => bail!("there is no file {path} at {base}, and none called {base}:{path}"),
    }
}

/// The nearest settings file of the revision, from the working directory upwards to the top of the repository.
fn nearest(snapshot: &mut Snapshot) -> anyhow::Result<Option<(PathBuf, Vec<u8>)>> {
    let here = Path::new(".").canonicalize().context("the working directory cannot be read")?;
    let folders: Vec<&Path> = here.ancestors().take_while(|folder| folder.starts_with(snapshot.top())).collect();
    for path in folders.into_iter().map(|folder| folder.join(CONFIG_FILE)) {
        let name = shown(&path, snapshot);
        let read = snapshot.file(&path);
        if let Some(bytes) = read.with_context(|| format!("{name} cannot be read at {}", snapshot.base()))? {
            return Ok(Some((path, bytes)));
        }
    }
    Ok(None)
}

/// What the working tree changes in the settings that are in force, in the settings file that it would bring, and in the
/// mapping files that either names.
///
/// # Errors
/// When the settings of either state cannot be read.
pub fn changes(
    args: &SettingsArgs,
    in_force: &InForce,
    snapshot: &mut Snapshot,
    limits: &Limits,
) -> anyhow::Result<Vec<Finding>> {
    if args.no_config {
        return Ok(Vec::new());
    }
    let here = std::path::absolute(".").context("the working directory cannot be read")?;
    let mut paths = BTreeSet::new();
    match args.config.as_ref().filter(|named| source::of_revision(named).is_none()) {
        Some(named) => paths.extend(snapshot.covers(named).then(|| here.join(named))),
        None => {
            paths.extend(nearest(snapshot)?.map(|(path, _)| path));
            paths.extend(files::find_upwards(CONFIG_FILE, Path::new(".")));
        }
    }
    if let Some(folder) = &in_force.config.mappings {
        let folder = in_force.path("/mappings", folder)?;
        paths.extend(snapshot.files_in(&folder).into_iter().filter(|path| files::is_mapping_name(path)));
        paths.extend(files::mapping_paths(&folder).unwrap_or_default());
    }
    let mut findings = Vec::new();
    for path in paths {
        let name = shown(&path, snapshot);
        let then = snapshot.file(&path).with_context(|| format!("{name} cannot be read at {}", snapshot.base()))?;
        let now = files::read_if_there(&path, limits).with_context(|| format!("{name} cannot be read"))?;
        findings.extend(change(&name, then.as_deref(), now.as_deref()));
    }
    Ok(findings)
}

/// What became of one file.
fn change(name: &str, then: Option<&[u8]>, now: Option<&[u8]>) -> Option<Finding> {
    let verb = match (then, now) {
        (None, Some(_)) => "adds",
        (Some(_), None) => "removes",
        (Some(then), Some(now)) if then != now => "changes",
        _ => return None,
    };
    Some(Finding::new(input::SETTINGS_CHANGED, format!("The branch {verb} {name}.")).at(Place::start_of(name)))
}

/// A path as it is called in the repository.
fn shown(path: &Path, snapshot: &Snapshot) -> String {
    files::shown::shown(path.strip_prefix(snapshot.top()).unwrap_or(path)).to_string()
}
