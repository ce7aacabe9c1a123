//! From paths to a [`World`]: reads the files, parses them, finds kustomizations, reports what is left out.

use super::Folders;
use super::bases;
use crate::files::{self, Ignoring, Manner, Role, Root, Snapshot, Want};
use crate::finding::Finding;
use crate::finding::catalogue::input;
use crate::mesh::{self, BuildOptions, Completeness, Facts, Input, Settings, World};
use crate::yaml::{Manifest, Stream, TemplateLanguage};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How the input is to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Mesh settings.
    pub settings: Settings,
    /// `--one-mesh`.
    pub one_mesh: bool,
    /// What the settings say about folders.
    pub folders: Folders,
    /// `--inventory-complete`.
    pub complete: Completeness,
    /// `--assume`, and `mesh:` of the settings.
    pub facts: Facts,
    /// How reports name the settings file in force; `None` without one.
    pub settings_from: Option<String>,
    /// How much is read of one file, and from where.
    pub limits: files::Limits,
    /// What becomes of a run that was stopped while it was writing these files.
    pub leftovers: files::Leftovers,
}

/// A file of the run.
#[derive(Debug)]
pub struct ReadFile {
    /// Where it comes from and what was read.
    pub source: files::SourceFile,
    /// Its documents.
    pub stream: Stream,
}

/// Everything that was read.
#[derive(Debug)]
pub struct Loaded {
    /// The objects, decoded.
    pub world: World,
    /// How they were decoded.
    pub options: BuildOptions,
    /// Every parsed file by its path as shown.
    pub files: BTreeMap<Arc<str>, ReadFile>,
    /// How many files were looked at; 0 means no input.
    pub seen: usize,
    /// How many documents the parsed files hold.
    pub documents: usize,
    /// How many files or documents were left out.
    pub skipped: usize,
    /// How many manifests ignore files left out, where two states are compared.
    pub ignored: usize,
    /// What went wrong while reading, and what was left out.
    pub findings: Vec<Finding>,
    /// For `--verbose`.
    pub notes: Vec<String>,
}

/// The API groups of the old kinds.
const LEGACY_GROUPS: [&str; 4] =
    ["authentication.istio.io/", "rbac.istio.io/", "authentication.maistra.io/", "rbac.maistra.io/"];

/// Reads everything below `roots`.
pub fn load(roots: &[Root], reading: &Reading, want: Want) -> Loaded {
    load_ignoring(roots, reading, want, Ignoring::AsWritten)
}

/// Like [`load`] for one of two states that are compared, where ignore files do not count as they stand.
pub fn load_ignoring(roots: &[Root], reading: &Reading, want: Want, ignoring: Ignoring<'_>) -> Loaded {
    let mut walked = files::walk_as(roots, &Manner { limits: reading.limits, ignoring });
    walked.findings.extend(files::commit::settle(&walked.sources, reading.leftovers));
    let ignored = walked.ignored;
    let kustomizations = files::kustomize::find(&walked.sources, &reading.limits);
    Loaded { ignored, ..from_scan(files::read(walked, want), &kustomizations, reading) }
}

/// Reads what `paths` held at a git revision, without touching the working tree. The inventory is read at the revision
/// too where it is in the repository, else as it is now.
///
/// # Errors
/// When the revision cannot be read at all.
pub fn revision(
    snapshot: &mut Snapshot,
    paths: &[PathBuf],
    inventory: &[Root],
    reading: &Reading,
) -> anyhow::Result<Loaded> {
    let (mut roots, outside): (Vec<Root>, Vec<Root>) =
        inventory.iter().cloned().partition(|root| snapshot.covers(&root.path));
    roots.splice(0..0, paths.iter().map(Root::input));
    let failed = |finding: Finding| anyhow::anyhow!("{}", finding.message);
    let mut then = snapshot.read(&roots, Want::Everything).map_err(failed)?;
    if !outside.is_empty() {
        let walked = files::walk_as(&outside, &Manner { limits: reading.limits, ..Manner::default() });
        let around = files::read(walked, Want::Everything);
        then.scan.files.extend(around.files);
        then.scan.findings.extend(around.findings);
    }
    Ok(from_scan(then.scan, &then.kustomizations, reading))
}

/// Parses and decodes the files of a scan.
fn from_scan(scan: files::Scan, kustomizations: &files::kustomize::Kustomizations, reading: &Reading) -> Loaded {
    let mut findings = scan.findings;
    findings.extend(kustomizations.findings.iter().cloned());
    let mut skipped = findings.len();
    let mut notes = Vec::new();
    let single = scan.files.iter().filter(|file| file.source.role == Role::Input).count() == 1;
    let parsed: Vec<(files::SourceFile, Stream)> = scan
        .files
        .into_par_iter()
        .map(|file| {
            let stream = Stream::parse(&file.source.shown, file.text.clone());
            (file, stream)
        })
        .collect();

    let mut inputs = Vec::new();
    let mut by_path = BTreeMap::new();
    let mut documents = 0;
    for (file, stream) in parsed {
        notes.push(format!("read {}", file.source.shown));
        if let Some(place) = stream.is_template() {
            if file.interest.legacy {
                skipped += 1;
                findings.push(templated(&file.source.shown, stream.template_language()).at(place));
            }
            continue;
        }
        skipped += stream.findings.len();
        documents += stream.findings.len();
        findings.extend(stream.findings.iter().cloned());
        let inventory = file.source.role == Role::Inventory;
        for manifest in stream.manifests() {
            documents += 1;
            let embedded = embedded(&manifest);
            skipped += embedded.len();
            findings.extend(embedded);
            inputs.push(Input { manifest, inventory });
        }
        by_path.insert(file.source.shown.clone(), ReadFile { source: file, stream });
    }
    inputs.extend(reading.facts.inputs());
    let options = BuildOptions {
        settings: reading.settings.clone(),
        one_mesh: reading.one_mesh || single,
        complete: reading.complete.clone(),
        facts: reading.facts.clone(),
        kustomizations: namespaces(kustomizations),
        overlays: bases::overlays(kustomizations, by_path.keys().map(|path| &**path)),
        namespaces: reading.folders.namespaces_of(by_path.keys()),
        meshes: reading.folders.meshes_of(by_path.keys()),
        ..BuildOptions::default()
    };
    let world = mesh::build(inputs, &options);
    for environment in &world.environments {
        let name = if environment.root.is_empty() { "." } else { &environment.root };
        notes.push(format!(
            "environment {name}: {} services, {} workloads, {} old objects",
            environment.mesh.services.len(),
            environment.mesh.workloads.len(),
            environment.mesh.authentication.len()
                + environment.mesh.configs.len()
                + environment.mesh.roles.len()
                + environment.mesh.bindings.len(),
        ));
    }
    Loaded { world, options, files: by_path, seen: scan.seen, documents, skipped, ignored: 0, findings, notes }
}

/// The finding for a template that names an old API group.
fn templated(shown: &str, language: Option<TemplateLanguage>) -> Finding {
    match language {
        Some(TemplateLanguage::Ytt) => Finding::new(
            input::TEMPLATED_MANIFEST,
            format!("{shown} is a ytt template; its old Istio objects are left alone"),
        )
        .remedy(
            "Render it first (`ytt -f FOLDER | meshlift -`, with the values of your deployment), then carry the changes over to the template.",
        ),
        _ => Finding::new(
            input::TEMPLATED_MANIFEST,
            format!("{shown} is a template; its old Istio objects are left alone"),
        ),
    }
}

/// Folder to the `namespace:` of its kustomization.
fn namespaces(kustomizations: &files::kustomize::Kustomizations) -> BTreeMap<String, Option<String>> {
    kustomizations
        .all()
        .map(|kustomization| {
            let stream = Stream::parse(&kustomization.shown, kustomization.text.clone());
            let namespace = stream
                .manifests()
                .iter()
                .find_map(|manifest| manifest.value().get("namespace")?.as_str().map(str::to_owned));
            (kustomization.folder.to_string(), namespace)
        })
        .collect()
}

/// Old objects inside a string of a ConfigMap: reported, never edited.
fn embedded(manifest: &Manifest) -> Vec<Finding> {
    if manifest.value().get("kind").and_then(Value::as_str) != Some("ConfigMap") {
        return Vec::new();
    }
    let Some(data) = manifest.value().get("data").and_then(Value::as_object) else { return Vec::new() };
    data.iter()
        .filter(|(_, text)| {
            text.as_str().is_some_and(|text| {
                text.contains("apiVersion") && LEGACY_GROUPS.iter().any(|group| text.contains(group))
            })
        })
        .map(|(key, _)| {
            let pointer = format!("/data/{}", key.replace('~', "~0").replace('/', "~1"));
            Finding::new(
                input::EMBEDDED_MANIFEST,
                format!("the text of `{key}` holds old Istio objects, which are not converted"),
            )
            .at(manifest.key_place(&pointer))
        })
        .collect()
}
