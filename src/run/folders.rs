//! What the settings say about folders: the namespaces of documents that name none, and which folders are one mesh.

use crate::files::Globs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `namespaces:` and `meshes:` of the settings.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// Files, and the namespace of documents in them that name none.
    pub namespaces: Vec<(Globs, String)>,
    /// Name of a mesh, and its files.
    pub meshes: Vec<(String, Globs)>,
}

impl Folders {
    /// File to namespace: of several patterns the longest counts, of equally long ones the first in the alphabet.
    pub fn namespaces_of<'f>(&self, files: impl Iterator<Item = &'f Arc<str>>) -> BTreeMap<Arc<str>, String> {
        if self.namespaces.is_empty() {
            return BTreeMap::new();
        }
        let of_file = |file: &Arc<str>| {
            let fitting = self.namespaces.iter().filter_map(|(globs, name)| Some((globs.length_of(file)?, name)));
            let (_, name) = fitting.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
            Some((file.clone(), name.clone()))
        };
        files.filter_map(of_file).collect()
    }

    /// Name of a mesh to its files.
    pub fn meshes_of<'f>(&self, files: impl Iterator<Item = &'f Arc<str>>) -> BTreeMap<String, BTreeSet<Arc<str>>> {
        let mut meshes: BTreeMap<String, BTreeSet<Arc<str>>> = BTreeMap::new();
        if self.meshes.is_empty() {
            return meshes;
        }
        let files: Vec<&Arc<str>> = files.collect();
        for (name, globs) in &self.meshes {
            let own = files.iter().filter(|file| globs.matches(file)).map(|file| Arc::clone(file));
            meshes.entry(name.clone()).or_default().extend(own);
        }
        meshes
    }
}
