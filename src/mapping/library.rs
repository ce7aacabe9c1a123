//! The mappings of a run: the embedded files, and those a user puts in their place.

use super::Applied;
use super::apply::apply;
use super::check::read;
use super::rule::{Action, Mapping};
use super::schema::KeyTable;
use super::show::{self, Decision};
use super::suggest::nearest;
use crate::api::legacy::AddedKeys;
use crate::finding::catalogue::mapping::{BROKEN_MAPPING, UNMAPPED_KIND};
use crate::finding::{Finding, Place};
use crate::yaml::Manifest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The files of `mappings/`: name and text.
const EMBEDDED: [(&str, &str); 4] = [
    ("policy", include_str!("../../mappings/policy.yaml")),
    ("rbac-config", include_str!("../../mappings/rbac-config.yaml")),
    ("service-role", include_str!("../../mappings/service-role.yaml")),
    ("service-role-binding", include_str!("../../mappings/service-role-binding.yaml")),
];

/// Every mapping of the run: the embedded ones, overridden by `--mappings DIR`.
#[derive(Debug, Default)]
pub struct Mappings {
    files: Vec<Arc<File>>,
    /// Index of the file for an API version and kind.
    by_kind: BTreeMap<(String, String), usize>,
}

#[derive(Debug)]
struct File {
    name: String,
    path: Option<String>,
    text: String,
    mapping: Mapping,
}

/// The embedded files, read once.
static SHIPPED: LazyLock<Vec<Arc<File>>> = LazyLock::new(|| {
    let file = |(name, text): &(&str, &str)| {
        let (mapping, _) = read(&embedded_path(name), text);
        Some(Arc::new(File { name: (*name).to_owned(), path: None, text: (*text).to_owned(), mapping: mapping? }))
    };
    EMBEDDED.iter().filter_map(file).collect()
});

/// Where an embedded file stands in the source.
fn embedded_path(name: &str) -> String {
    format!("mappings/{name}.yaml")
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
    /// The kinds it is for.
    pub kinds: Vec<String>,
    /// Where the legacy API is documented.
    pub reference: Option<String>,
    /// The path of a file from `--mappings`; `None` for an embedded one.
    pub path: Option<String>,
}

impl Mappings {
    /// The mappings built into the binary. A test holds that all of them can be used.
    pub fn embedded() -> Mappings {
        let mut mappings = Mappings::default();
        SHIPPED.iter().for_each(|file| drop(mappings.add(file.clone())));
        mappings
    }

    /// The embedded mappings, with those files of `--mappings DIR` (path as shown to the user, text) put in place of the
    /// embedded mapping of their kinds. Error findings mean that a file could not be used: the caller stops.
    pub fn load(files: &[(String, String)]) -> (Mappings, Vec<Finding>) {
        let mut mappings = Mappings::embedded();
        let findings = mappings.add_all(files);
        (mappings, findings)
    }

    fn add_all(&mut self, files: &[(String, String)]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (path, text) in files {
            let (mapping, problems) = read(path, text);
            findings.extend(problems);
            let Some(mapping) = mapping else { continue };
            let file = File { name: stem(path).to_owned(), path: Some(path.clone()), text: text.clone(), mapping };
            for (other, kind) in self.add(Arc::new(file)) {
                let message = format!("{other} is a mapping for {kind} too, and only one can be used.");
                findings.push(Finding::new(BROKEN_MAPPING, message).at(Place::start_of(path.as_str())));
            }
        }
        findings
    }

    /// Puts a file in the place of those that were for its kinds. Those of the user among them come back, with the kind.
    fn add(&mut self, file: Arc<File>) -> Vec<(String, String)> {
        let index = self.files.len();
        let mut replaced = Vec::new();
        for kind in &file.mapping.kinds {
            let before = self.by_kind.insert((file.mapping.api_version.clone(), kind.clone()), index);
            let path = before.and_then(|before| self.files.get(before)).and_then(|file| file.path.clone());
            replaced.extend(path.map(|path| (path, kind.clone())));
        }
        self.files.push(file);
        replaced
    }

    /// Applies the mapping of a manifest's `apiVersion` and `kind`. `strict` chooses the exact forms of relaxed rules.
    pub fn apply(&self, manifest: &Manifest, strict: bool) -> Applied {
        let text = |key: &str| manifest.value().get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = (text("apiVersion"), text("kind"));
        if let Some(file) = self.by_kind.get(&kind).and_then(|index| self.files.get(*index)) {
            return apply(&file.mapping, manifest, strict);
        }
        let message = format!("There is no mapping file for {} of {}.", kind.1, kind.0);
        let finding = Finding::new(UNMAPPED_KIND, message).at(manifest.place(""));
        Applied { findings: vec![finding], ..Applied::default() }
    }

    /// The keys that files add to Istio's, each with the key of Istio that meant the same: what the proof needs to know.
    pub fn added_keys(&self) -> AddedKeys {
        let mut added = AddedKeys::default();
        for file in self.in_use() {
            for rule in &file.mapping.rules {
                let Action::Entries(entries) = &rule.action else { continue };
                let Some(legacy) = &entries.text.legacy else { continue };
                let table = file.mapping.schema.tables.get(entries.table);
                let keys = match table.is_some_and(KeyTable::is_list) {
                    true => &mut added.constraints,
                    false => &mut added.properties,
                };
                keys.insert(entries.text.matching.text().to_owned(), legacy.clone());
            }
        }
        added
    }

    /// The files that are for some kind.
    fn in_use(&self) -> impl Iterator<Item = &File> {
        let used = |index: &usize| self.by_kind.values().any(|of| of == index);
        self.files.iter().enumerate().filter(move |(index, _)| used(index)).map(|(_, file)| &**file)
    }

    /// What there is, by name.
    pub fn list(&self) -> Vec<Listed> {
        let mut list: Vec<Listed> = self.in_use().map(File::listed).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }

    /// A mapping file by its name or by a kind that it is for, however that is spelled: `service-role`, `ServiceRole`.
    pub fn find(&self, name: &str) -> Option<Listed> {
        self.file(name).map(File::listed)
    }

    /// The text of a mapping file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.file(name).map(|file| file.text.as_str())
    }

    /// What becomes of every field, in the order of the file.
    pub fn decisions(&self, name: &str) -> Vec<Decision> {
        let Some(file) = self.file(name) else { return Vec::new() };
        let path = file.path.clone().unwrap_or_else(|| embedded_path(&file.name));
        show::decisions(&file.mapping, &path, &file.text)
    }

    /// What a file says about its kinds as a whole, in paragraphs.
    pub fn about(&self, name: &str) -> Vec<String> {
        self.file(name).map(|file| show::about(&file.text)).unwrap_or_default()
    }

    /// Where the rules of a file may write.
    pub fn targets(&self, name: &str) -> Vec<String> {
        let targets = self.file(name).map(|file| file.mapping.schema.fields.targets).unwrap_or_default();
        targets.iter().map(|target| (*target).to_owned()).collect()
    }

    /// The known name that a misspelt one most likely stands for.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let listed = self.list();
        let names = listed.iter().flat_map(|listed| listed.kinds.iter().chain([&listed.name]));
        nearest(name, names.map(String::as_str)).map(str::to_owned)
    }

    fn file(&self, name: &str) -> Option<&File> {
        let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
        let is_kind = |file: &&File| file.mapping.kinds.iter().any(|kind| plain(kind) == plain(name));
        let of_kind = || self.by_kind.iter().find(|((_, kind), _)| plain(kind) == plain(name)).map(|(_, index)| *index);
        self.in_use().find(|file| file.name == name).or_else(|| {
            let index = of_kind()?;
            self.files.get(index).map(|file| &**file).filter(is_kind)
        })
    }
}

impl File {
    fn listed(&self) -> Listed {
        Listed {
            name: self.name.clone(),
            title: self.mapping.title.clone(),
            api_version: self.mapping.api_version.clone(),
            kinds: self.mapping.kinds.clone(),
            reference: self.mapping.reference.clone(),
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
