//! `verify`: compares two sets of manifests, any mix of old and new kinds on either side.

use super::load::{self, Loaded, Reading};
use super::{fill, stated, strangers};
use crate::access::{self, Side, World};
use crate::files::{self, Ignoring, Root, Snapshot, Want};
use crate::finding::catalogue::input;
use crate::finding::{Assumption, Finding};
use crate::mesh::{self, Mesh};
use crate::report::{Purpose, Report, Summary};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Two sides, read.
#[derive(Debug)]
pub struct Comparison {
    before: Loaded,
    after: Loaded,
    /// The folder of each side, to tell which environment of one is which of the other; empty for the top.
    folders: (String, String),
    /// What was found before anything was read: about the settings.
    findings: Vec<Finding>,
}

impl Comparison {
    /// The same with findings that are about neither side.
    #[must_use]
    pub fn with(mut self, findings: Vec<Finding>) -> Comparison {
        self.findings.extend(findings);
        self
    }

    /// How many files were looked at; 0 on either side means that there is nothing to compare with.
    pub fn seen(&self) -> usize {
        self.before.seen.min(self.after.seen)
    }

    /// For `--verbose`.
    pub fn notes(&self) -> Vec<String> {
        let side = |name: &str, loaded: &Loaded| {
            loaded.notes.iter().map(move |note| format!("{name}: {note}")).collect::<Vec<_>>()
        };
        [side("before", &self.before), side("after", &self.after)].concat()
    }
}

/// Reads two sets of manifests. Where the first is a folder, its ignore files decide about both: the second one cannot
/// hide what it changes.
pub fn compare(before: &[Root], after: &[Root], reading: &Reading) -> Comparison {
    let folders = (folder_of(before), folder_of(after));
    let ignoring = match before.first() {
        Some(root) if root.path.is_dir() => Ignoring::AsIn(&root.path),
        _ => Ignoring::AsWritten,
    };
    let before = load::load_ignoring(before, reading, Want::Everything, ignoring);
    let after = load::load_ignoring(after, reading, Want::Everything, ignoring);
    aligned(Comparison { before, after, folders, findings: Vec::new() })
}

/// Reads a git revision and the working tree. Ignore files leave out what git does not track, and nothing else.
///
/// # Errors
/// When the revision cannot be read, or a path is not in its repository.
pub fn compare_with_revision(
    snapshot: &mut Snapshot,
    paths: &[PathBuf],
    inventory: &[Root],
    reading: &Reading,
) -> anyhow::Result<Comparison> {
    let before = load::revision(snapshot, paths, inventory, reading)?;
    let mut now: Vec<Root> = paths.iter().map(Root::input).collect();
    now.extend(inventory.iter().cloned());
    let tracked = snapshot.tracked().map_err(|finding| anyhow::anyhow!("{}", finding.message))?;
    let after = load::load_ignoring(&now, reading, Want::Everything, Ignoring::Untracked(&tracked));
    let folders = (String::new(), String::new());
    Ok(aligned(Comparison { before, after, folders, findings: Vec::new() }))
}

/// How many manifests of a state ignore files left out, when there are any.
fn ignored(state: &str, loaded: &Loaded) -> Option<Finding> {
    let (count, s) = (loaded.ignored, if loaded.ignored == 1 { " was" } else { "s were" });
    (count > 0).then(|| {
        Finding::new(input::MANIFESTS_IGNORED, format!("{count} manifest{s} left out of {state} by ignore files."))
    })
}

/// The folder that the paths of a side start with.
fn folder_of(roots: &[Root]) -> String {
    match roots.first() {
        Some(root) if root.path.is_dir() => files::shown::shown(&root.path).to_string(),
        Some(root) => files::shown::folder(&files::shown::shown(&root.path)).to_owned(),
        None => String::new(),
    }
}

/// Splits both sides into the same environments: folders that separate one side separate the other as well.
fn aligned(mut comparison: Comparison) -> Comparison {
    let roots_of = |loaded: &Loaded, folder: &str| -> BTreeSet<String> {
        loaded.world.environments.iter().map(|environment| below(&environment.root, folder).to_owned()).collect()
    };
    let (before, after) = comparison.folders.clone();
    let (mine, theirs) = (roots_of(&comparison.before, &before), roots_of(&comparison.after, &after));
    if mine != theirs {
        let roots: BTreeSet<String> = mine.union(&theirs).filter(|root| !root.is_empty()).cloned().collect();
        rebuild(&mut comparison.before, &roots, &before);
        rebuild(&mut comparison.after, &roots, &after);
    }
    comparison
}

fn rebuild(loaded: &mut Loaded, roots: &BTreeSet<String>, folder: &str) {
    let inside = |root: &String| if folder.is_empty() { root.clone() } else { format!("{folder}/{root}") };
    loaded.options.roots = roots.iter().map(inside).collect();
    loaded.world = mesh::build(std::mem::take(&mut loaded.world.manifests), &loaded.options);
}

/// A folder relative to the folder of its side.
fn below<'a>(root: &'a str, folder: &str) -> &'a str {
    root.strip_prefix(folder).map_or(root, |rest| rest.trim_start_matches('/'))
}

/// Compares environment by environment: those with the same folder, or the only ones there are.
pub fn verify(comparison: &Comparison, reading: &Reading, options: &access::Options) -> Report {
    let empty = Mesh::new(reading.settings.clone());
    let mut verdicts = Vec::new();
    for (before, after) in pairs(comparison) {
        let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        let (before, after) = (stated::in_the_api_of(before, reading), stated::in_the_api_of(after, reading));
        let (before, after) = (&*before, &*after);
        let namespaces = strangers::namespaces(&[before, after]);
        let (before, after) = (strangers::joined(before, &namespaces), strangers::joined(after, &namespaces));
        verdicts.extend(access::prove(side(&before), side(&after), options));
    }
    // Two sets of manifests take nothing for granted; that less is let through to an unseen Service is `undeclared-ports`.
    verdicts.retain(|verdict| {
        !verdict.unseen_service || !matches!(verdict.outcome, access::Outcome::Equal | access::Outcome::Narrower)
    });
    let mut findings: Vec<Finding> = comparison.findings.clone();
    findings.extend([ignored("BEFORE", &comparison.before), ignored("AFTER", &comparison.after)].into_iter().flatten());
    for loaded in [&comparison.before, &comparison.after] {
        findings.extend(loaded.findings.iter().cloned());
        findings.extend(loaded.world.findings.iter().cloned());
    }
    let given = [&comparison.before, &comparison.after].map(|loaded| loaded.world.given.clone()).concat();
    let mut sources = fill::sources(&comparison.before, &findings);
    sources.extend(fill::sources(&comparison.after, &findings));
    let both = |count: fn(&Loaded) -> usize| count(&comparison.before) + count(&comparison.after);
    let mut report = Report {
        summary: Summary {
            files: both(|loaded| loaded.seen),
            documents: both(|loaded| loaded.documents),
            legacy: both(|loaded| loaded.world.legacy.len()),
            skipped: both(|loaded| loaded.skipped),
            ..Summary::default()
        },
        verification: verdicts.into_iter().map(fill::verification).collect(),
        purpose: Purpose::Compare,
        assumptions: once(given),
        settings: reading.settings_from.clone(),
        findings,
        sources,
        ..Report::default()
    };
    report.sort();
    report
}

/// Both sides have the same facts stated; each is told once.
fn once(given: Vec<Assumption>) -> Vec<Assumption> {
    let mut told: Vec<Assumption> = Vec::new();
    for assumption in given {
        if !told.contains(&assumption) {
            told.push(assumption);
        }
    }
    told
}

/// A side that holds old objects ran on the source release, also when they were rejected; one without runs on the target.
fn side(mesh: &Mesh) -> Side<'_> {
    let inert = |id| mesh.inert.iter().any(|(inert, ..)| inert == id);
    let rejected = mesh.rejected.iter().any(|(id, _)| !inert(id));
    let legacy = rejected
        || !(mesh.authentication.is_empty()
            && mesh.configs.is_empty()
            && mesh.roles.is_empty()
            && mesh.bindings.is_empty());
    Side { mesh, world: if legacy { World::Source } else { World::Target } }
}

/// Environments to compare with each other, by their folder inside their side.
fn pairs(comparison: &Comparison) -> Vec<(Option<&Mesh>, Option<&Mesh>)> {
    let (before, after) = (&comparison.before.world.environments, &comparison.after.world.environments);
    let mut meshes: BTreeMap<&str, (Option<&Mesh>, Option<&Mesh>)> = BTreeMap::new();
    for environment in before {
        meshes.entry(below(&environment.root, &comparison.folders.0)).or_default().0 = Some(&environment.mesh);
    }
    for environment in after {
        meshes.entry(below(&environment.root, &comparison.folders.1)).or_default().1 = Some(&environment.mesh);
    }
    meshes.into_values().collect()
}
