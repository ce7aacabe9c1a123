//! Which files are bases of kustomizations elsewhere, and what those do with them ([`crate::mesh::Overlay`]).
//!
//! A kustomization's own files, listed one by one below its folder, are no base: it stands beside them. Followed are
//! relative paths in `resources`, `bases` and `components`; what is fetched from elsewhere is not known.

use crate::files::{Kustomization, Kustomizations};
use crate::mesh::{Overlay, OverlayRole};
use crate::yaml::Stream;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Fields that list what a kustomization is made of.
const REFERRING: [&str; 3] = ["resources", "bases", "components"];
/// Fields that change what the objects are called, select or say, when they are not empty. `labels` is looked at closer.
const CHANGING: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "vars",
    "components",
    "transformers",
];
/// Fields that list files with patches, by themselves or under `path`.
const PATCHING: [&str; 2] = ["patches", "patchesStrategicMerge"];

/// By file (as shown): what the kustomizations of other folders that refer to it do with it, in path order.
pub fn overlays<'a>(
    kustomizations: &Kustomizations,
    files: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, Vec<Overlay>> {
    let mut found: BTreeMap<String, Vec<Overlay>> = BTreeMap::new();
    let known: BTreeMap<String, Known> =
        kustomizations.all().filter_map(|one| Some((normal(&one.folder)?, Known::read(one)?))).collect();
    if known.is_empty() {
        return found;
    }
    let files: BTreeMap<String, &str> = files.filter_map(|file| Some((normal(file)?, file))).collect();
    for (folder, one) in known.iter().filter(|(_, one)| one.changes_anything()) {
        let base = base(folder, one, &known);
        let rendered: BTreeSet<&str> = base.iter().flat_map(|part| below(&files, part)).collect();
        for file in &rendered {
            found.entry((*file).to_owned()).or_default().push(one.overlay(OverlayRole::Renders));
        }
        // Without a base, the patches are for objects beside them.
        let patches = one.patches.iter().filter(|_| !base.is_empty()).flat_map(|part| below(&files, part));
        for file in patches.filter(|file| !rendered.contains(file)) {
            found.entry(file.to_owned()).or_default().push(one.overlay(OverlayRole::Patches));
        }
    }
    found
}

/// The files and folders that a kustomization gets through another one, or from outside of its own folder.
fn base(folder: &str, one: &Known, known: &BTreeMap<String, Known>) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([folder]);
    let mut parts = BTreeSet::new();
    let own = |part: &str| folder.is_empty() || part.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let mut open: Vec<&str> = Vec::new();
    for part in &one.parts {
        if known.contains_key(part) {
            open.push(part);
        } else if !own(part) {
            parts.insert(part.clone());
        }
    }
    while let Some(part) = open.pop() {
        match known.get(part) {
            Some(inner) if seen.insert(part) => open.extend(inner.parts.iter().map(String::as_str)),
            Some(_) => {}
            None => drop(parts.insert(part.to_owned())),
        }
    }
    parts
}

/// The file of this path, or those below this folder, as shown.
fn below<'f>(files: &BTreeMap<String, &'f str>, part: &str) -> Vec<&'f str> {
    if let Some(file) = files.get(part) {
        return vec![*file];
    }
    let prefix = if part.is_empty() { String::new() } else { format!("{part}/") };
    files.range(prefix.clone()..).take_while(|(file, _)| file.starts_with(&prefix)).map(|(_, shown)| *shown).collect()
}

/// What one kustomization says.
#[derive(Debug)]
struct Known {
    shown: String,
    namespace: Option<String>,
    fields: Vec<String>,
    /// Normal paths of the files and folders that it is made of.
    parts: Vec<String>,
    /// Normal paths of its patch files.
    patches: BTreeSet<String>,
}

impl Known {
    /// `None` when the text is no mapping.
    fn read(kustomization: &Kustomization) -> Option<Known> {
        let stream = Stream::parse(&kustomization.shown, kustomization.text.clone());
        let manifests = stream.manifests();
        let fields = manifests.iter().find_map(|manifest| manifest.value().as_object())?;
        let paths = |names: &[&str]| -> Vec<String> {
            let written = names.iter().flat_map(|name| entries(fields, name));
            written.filter_map(|path| beside(&kustomization.folder, path)).collect()
        };
        Some(Known {
            shown: kustomization.shown.to_string(),
            namespace: fields.get("namespace").and_then(Value::as_str).filter(|ns| !ns.is_empty()).map(str::to_owned),
            fields: fields.iter().filter(|(name, value)| changes(name, value)).map(|(name, _)| name.clone()).collect(),
            parts: paths(&REFERRING),
            patches: paths(&PATCHING).into_iter().collect(),
        })
    }

    fn changes_anything(&self) -> bool {
        self.namespace.is_some() || !self.fields.is_empty()
    }

    fn overlay(&self, role: OverlayRole) -> Overlay {
        Overlay { shown: self.shown.clone(), role, namespace: self.namespace.clone(), fields: self.fields.clone() }
    }
}

/// The paths in a list of paths, or of mappings with a `path`. What holds a scheme or several lines is none.
fn entries<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    let entries = fields.get(name).and_then(Value::as_array).into_iter().flatten();
    entries
        .filter_map(|entry| entry.as_str().or_else(|| entry.get("path")?.as_str()))
        .filter(|path| !path.contains("://") && !path.contains('\n'))
}

/// True when a field changes names, selectors or values of what is rendered.
fn changes(name: &str, value: &Value) -> bool {
    let filled = match value {
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => false,
    };
    let selects = |entry: &Value| entry.get("includeSelectors").and_then(Value::as_bool) == Some(true);
    match name {
        "labels" => value.as_array().into_iter().flatten().any(selects),
        name => CHANGING.contains(&name) && filled,
    }
}

/// A path as written in a file of a folder; `None` for an absolute one, which kustomize refuses.
fn beside(folder: &str, path: &str) -> Option<String> {
    match (folder, path.starts_with('/')) {
        (_, true) => None,
        ("", false) => normal(path),
        (folder, false) => normal(&format!("{folder}/{path}")),
    }
}

/// A path without `.`, `..` and empty parts; `..` stays at the start of a relative path. `None` above the root.
fn normal(path: &str) -> Option<String> {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            ("..", None) if absolute => return None,
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if absolute { format!("/{joined}") } else { joined })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that a kustomization gets from elsewhere, where `known` gives each folder's parts.
    fn check(folder: &str, known: &[(&str, &[&str])], expected: &[&str]) {
        let parts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        let known: BTreeMap<String, Known> = known
            .iter()
            .map(|(folder, list)| {
                let (shown, patches) = (format!("{folder}/kustomization.yaml"), BTreeSet::new());
                let one = Known { shown, namespace: None, fields: Vec::new(), parts: parts(list), patches };
                ((*folder).to_owned(), one)
            })
            .collect();
        let found = base(folder, &known[folder], &known);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn own_files_are_no_base_and_those_of_other_kustomizations_are() {
        let base: (&str, &[&str]) = ("base", &["base/app.yaml", "base/sub/policy.yaml"]);
        check("base", &[base], &[]);
        check("prod", &[base, ("prod", &["base", "prod/more.yaml"])], &["base/app.yaml", "base/sub/policy.yaml"]);
        check("eu", &[base, ("prod", &["base"]), ("eu", &["prod"])], &["base/app.yaml", "base/sub/policy.yaml"]);
        check("prod", &[("prod", &["base/app.yaml", "elsewhere"])], &["base/app.yaml", "elsewhere"]);
        check("", &[base, ("", &["base", "app.yaml"])], &["base/app.yaml", "base/sub/policy.yaml"]);
    }

    #[test]
    fn kustomizations_in_a_circle_end() {
        check("a", &[("a", &["b"]), ("b", &["a", "b/x.yaml"])], &["b/x.yaml"]);
    }

    #[test]
    fn paths_are_made_normal_without_looking_at_the_disk() {
        for (path, expected) in [
            ("overlays/prod/../../base", Some("base")),
            ("./a//b/.", Some("a/b")),
            ("../r/a/../../s", Some("../s")),
            ("a/..", Some("")),
            ("/r/a/../b", Some("/r/b")),
            ("/../x", None),
            ("../../x", Some("../../x")),
        ] {
            assert_eq!(normal(path).as_deref(), expected, "{path}");
        }
    }
}
