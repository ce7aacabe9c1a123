//! The mappings of a run: the embedded files, and those a user puts in their place.

use super::Applied;
use super::apply::apply;
use super::check::read;
use super::rule::Mapping;
use crate::finding::Finding;
use crate::finding::catalogue::mapping::{BROKEN_MAPPING, UNMAPPED_KIND};
use crate::yaml::Manifest;
use serde_json::Value;
use std::collections::BTreeMap;

/// The files of `mappings/`: name and text.
const EMBEDDED: [(&str, &str); 6] = [
    ("cluster-rbac-config", include_str!("../../mappings/cluster-rbac-config.yaml")),
    ("mesh-policy", include_str!("../../mappings/mesh-policy.yaml")),
    ("policy", include_str!("../../mappings/policy.yaml")),
    ("rbac-config", include_str!("../../mappings/rbac-config.yaml")),
    ("service-role", include_str!("../../mappings/service-role.yaml")),
    ("service-role-binding", include_str!("../../mappings/service-role-binding.yaml")),
];

/// The source release that objects are taken for unless the run says otherwise: 1.5.
const DEFAULT_MINOR: u16 = 5;

/// Every mapping of the run: the embedded ones, overridden by `--mappings DIR`.
#[derive(Debug)]
pub struct Mappings {
    /// By API version and kind.
    files: BTreeMap<(String, String), File>,
    /// The source release, as the 5 of 1.5.
    minor: u16,
}

#[derive(Debug)]
struct File {
    name: String,
    path: Option<String>,
    text: String,
    mapping: Mapping,
}

/// One line of `meshlift mapping list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name for `meshlift mapping show`: the file's name without its extension.
    pub name: String,
    /// The file's title.
    pub title: String,
    /// The API version it is for.
    pub api_version: String,
    /// The kind it is for.
    pub kind: String,
    /// The path of a file from `--mappings`; `None` for an embedded one.
    pub path: Option<String>,
}

impl Mappings {
    /// The mappings built into the binary. A test holds that all of them can be used.
    pub fn embedded() -> Mappings {
        let files = EMBEDDED.iter().filter_map(|(name, text)| {
            let (mapping, _) = read(&format!("mappings/{name}.yaml"), text);
            Some(File { name: (*name).to_owned(), path: None, text: (*text).to_owned(), mapping: mapping? })
        });
        Mappings { files: files.map(|file| (file.kind(), file)).collect(), minor: DEFAULT_MINOR }
    }

    /// The embedded mappings, with those files of `--mappings DIR` (path as shown to the user, text) put in place of the
    /// embedded mapping of their kind, or added. Error findings mean that a file could not be used: the caller stops.
    pub fn load(files: &[(String, String)]) -> (Mappings, Vec<Finding>) {
        let mut mappings = Mappings::embedded();
        let mut findings = Vec::new();
        for (path, text) in files {
            let (mapping, problems) = read(path, text);
            findings.extend(problems);
            let Some(mapping) = mapping else { continue };
            let file = File { name: stem(path).to_owned(), path: Some(path.clone()), text: text.clone(), mapping };
            let replaced = mappings.files.insert(file.kind(), file);
            if let Some(File { path: Some(other), mapping, .. }) = replaced {
                let message = format!("{other} is a mapping for {} too, and only one can be used.", mapping.kind);
                findings.push(Finding::new(BROKEN_MAPPING, message).at(crate::finding::Place::start_of(path.as_str())));
            }
        }
        (mappings, findings)
    }

    /// The same mappings for objects that ran on Istio 1.`minor` (4 or 5; 5 unless said otherwise).
    #[must_use]
    pub fn for_source(mut self, minor: u16) -> Mappings {
        self.minor = minor;
        self
    }

    /// Applies the mapping of a manifest's `apiVersion` and `kind`. `strict` chooses the exact forms of relaxed rules.
    pub fn apply(&self, manifest: &Manifest, strict: bool) -> Applied {
        let text = |key: &str| manifest.value().get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = (text("apiVersion"), text("kind"));
        if let Some(file) = self.files.get(&kind) {
            return apply(&file.mapping, manifest, self.minor, strict);
        }
        let message = format!("There is no mapping file for {} of {}.", kind.1, kind.0);
        let finding = Finding::new(UNMAPPED_KIND, message).at(manifest.place(""));
        Applied { findings: vec![finding], ..Applied::default() }
    }

    /// What there is, by name.
    pub fn list(&self) -> Vec<Listed> {
        let mut list: Vec<Listed> = self.files.values().map(File::listed).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }

    /// The text of a mapping file by its name.
    pub fn show(&self, name: &str) -> Option<&str> {
        self.files.values().find(|file| file.name == name).map(|file| file.text.as_str())
    }
}

impl File {
    fn kind(&self) -> (String, String) {
        (self.mapping.api_version.clone(), self.mapping.kind.clone())
    }

    fn listed(&self) -> Listed {
        let (api_version, kind) = self.kind();
        Listed {
            name: self.name.clone(),
            title: self.mapping.title.clone(),
            api_version,
            kind,
            path: self.path.clone(),
        }
    }
}

/// What is wrong with a mapping file (`meshlift mapping check FILE`). `path` is used for places only.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    read(path, text).1
}

/// A path's last part without its extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}
