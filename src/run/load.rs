//! From paths to a [`World`]: reads the files, parses them, finds kustomizations, reports what is left out.

use crate::files::{self, Role, Root, Want};
use crate::finding::catalogue::input;
use crate::finding::Finding;
use crate::mesh::{self, BuildOptions, Input, Settings, World};
use crate::yaml::{Manifest, Stream};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the input is to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Mesh settings.
    pub settings: Settings,
    /// `--one-mesh`.
    pub one_mesh: bool,
    /// `--inventory-complete`.
    pub complete: bool,
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
    /// What went wrong while reading, and what was left out.
    pub findings: Vec<Finding>,
    /// For `--verbose`.
    pub notes: Vec<String>,
}

/// The API groups of the old kinds.
const LEGACY_GROUPS: [&str; 2] = ["authentication.istio.io/", "rbac.istio.io/"];

/// Reads everything below `roots`.
pub fn load(roots: &[Root], reading: &Reading, want: Want) -> Loaded {
    let walked = files::walk(roots);
    let kustomizations = kustomization_namespaces(&walked);
    let scan = files::read(walked, want);
    from_scan(scan, kustomizations, reading)
}

/// Parses and decodes the files of a scan.
pub fn from_scan(scan: files::Scan, kustomizations: BTreeMap<String, Option<String>>, reading: &Reading) -> Loaded {
    let mut findings = scan.findings;
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
        if let Some(place) = stream.template() {
            if file.interest.legacy {
                skipped += 1;
                findings.push(
                    Finding::new(input::TEMPLATED_MANIFEST, format!("{} is a template; its old Istio objects are left alone", file.source.shown))
                        .at(place),
                );
            }
            continue;
        }
        skipped += stream.findings.len();
        documents += stream.findings.len();
        findings.extend(stream.findings.iter().cloned());
        let inventory = file.source.role == Role::Inventory;
        for manifest in stream.manifests() {
            documents += 1;
            findings.extend(embedded(&manifest));
            inputs.push(Input { manifest, inventory });
        }
        by_path.insert(file.source.shown.clone(), ReadFile { source: file, stream });
    }
    let options = BuildOptions {
        settings: reading.settings.clone(),
        one_mesh: reading.one_mesh || single,
        complete: reading.complete,
        kustomizations,
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
    Loaded { world, options, files: by_path, seen: scan.seen, documents, skipped, findings, notes }
}

/// Folder to the `namespace:` of its kustomization.
fn kustomization_namespaces(walked: &files::Walked) -> BTreeMap<String, Option<String>> {
    files::kustomize::find(walked)
        .into_iter()
        .map(|kustomization| {
            let stream = Stream::parse(&kustomization.shown, kustomization.text.clone());
            let namespace = stream
                .values()
                .iter()
                .find_map(|value| value.get("namespace").and_then(Value::as_str).map(str::to_owned));
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
            Finding::new(input::EMBEDDED_MANIFEST, format!("the text of `{key}` holds old Istio objects, which are not converted"))
                .at(manifest.key_place(&pointer))
        })
        .collect()
}
