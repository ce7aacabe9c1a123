//! `mesh:` of the settings file: what the user states about the mesh.

use schemars::JsonSchema;
use serde::Deserialize;

/// What the input cannot show: `--assume`, kept in the repository.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MeshFacts {
    /// Where RBAC is on, by the ClusterRbacConfig that lives elsewhere: `on`, `off` or `namespaces:a,b`.
    pub rbac: Option<Word>,
    /// What the MeshPolicy that lives elsewhere demands: `strict`, `permissive` or `disable`.
    pub mtls: Option<Word>,
    /// Whether the old proxies sniffed inbound protocols: `on` or `off`.
    pub sniffing: Option<Word>,
}

/// A word; `on` and `off` without quotes are booleans in YAML 1.1.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged, expecting = "expected a word")]
pub enum Word {
    /// An unquoted `on` (or `true`), `off` (or `false`).
    Switch(bool),
    /// Any other word.
    Text(String),
}

impl Word {
    /// The word as the command line has it.
    pub fn text(&self) -> &str {
        match self {
            Word::Switch(true) => "on",
            Word::Switch(false) => "off",
            Word::Text(text) => text,
        }
    }
}
