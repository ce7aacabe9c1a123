//! The mappings of a run.

use super::Applied;
use crate::finding::Finding;
use crate::yaml::Manifest;

/// Every mapping of the run: the embedded ones, overridden by `--mappings DIR`.
#[derive(Debug)]
pub struct Mappings {}

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
    /// The mappings built into the binary.
    pub fn embedded() -> Mappings {
        todo!()
    }

    /// The embedded mappings, with those files of `--mappings DIR` (path as shown to the user, text) put in place of the
    /// embedded mapping of their kind, or added. Error findings mean that a file could not be used.
    pub fn load(_files: &[(String, String)]) -> (Mappings, Vec<Finding>) {
        todo!()
    }

    /// The same mappings for objects that ran on Istio 1.`minor` (4 or 5; 5 unless said otherwise).
    #[must_use]
    pub fn for_source(self, _minor: u16) -> Mappings {
        todo!()
    }

    /// Applies the mapping of `(api_version, kind)` to a manifest. `strict` chooses the strict twins of relaxed rules.
    pub fn apply(&self, _manifest: &Manifest, _strict: bool) -> Applied {
        todo!()
    }

    /// What there is, by name.
    pub fn list(&self) -> Vec<Listed> {
        todo!()
    }

    /// The text of a mapping file by its name.
    pub fn show(&self, _name: &str) -> Option<&str> {
        todo!()
    }
}

/// What is wrong with a mapping file (`meshlift mapping check FILE`). `path` is used for places only.
pub fn check(_path: &str, _text: &str) -> Vec<Finding> {
    todo!()
}
