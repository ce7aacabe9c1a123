//! `meshlift.yaml`: the settings of the command line, kept in the repository.

mod facts;
mod inventory;

pub use facts::MeshFacts;
pub use inventory::Inventory;

use crate::yaml::{self, Misread, Typed};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The settings file. Command line options win over it; lists are joined.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// What is read for Services, workloads and namespaces: a list of paths relative to this file, or `paths` with what
    /// they close (`complete`).
    pub inventory: Inventory,
    /// Of the kinds that the input and the inventory show there is nothing else; like `inventory: {complete: true}`.
    pub inventory_complete: bool,
    /// What the user states about the mesh.
    pub mesh: MeshFacts,
    /// Treat the whole input as one mesh.
    pub one_mesh: bool,
    /// Name of a mesh to the patterns of its files, relative to this file. What no mesh matches is part of all of them.
    pub meshes: BTreeMap<String, Vec<String>>,
    /// Istio release the old objects ran on: `1.4` or `1.5` (quoted).
    pub from: Option<String>,
    /// The old proxies sniffed the protocol of ports without a protocol name; like `mesh: {sniffing: on}`.
    pub inbound_sniffing: bool,
    /// Istio release that will run the result, like `1.22` (quoted).
    pub to: Option<String>,
    /// `v1` or `v1beta1`.
    pub api_version: Option<String>,
    /// The mesh's root namespace.
    pub root_namespace: Option<String>,
    /// The mesh's trust domain.
    pub trust_domain: Option<String>,
    /// The mesh's trust domain aliases.
    pub trust_domain_aliases: Vec<String>,
    /// DNS suffix of the cluster.
    pub cluster_domain: Option<String>,
    /// Pattern of files, relative to this file, to the namespace of documents in them that name none. Of several
    /// patterns the longest counts.
    pub namespaces: BTreeMap<String, String>,
    /// Namespace of all other documents that name none.
    pub namespace: Option<String>,
    /// Use exact forms only.
    pub strict: bool,
    /// Findings accepted by code.
    pub allow: Vec<String>,
    /// `disable` or `permissive`.
    pub plaintext: Option<String>,
    /// Keep ports open that no Service declares.
    pub port_fence: bool,
    /// Also write dry-run copies of PERMISSIVE bindings and configs.
    pub shadow: bool,
    /// Let `source.principal: "*"` admit callers without an identity.
    pub legacy_bug_compat: bool,
    /// Folder of mapping files, relative to this file.
    pub mappings: Option<PathBuf>,
}

impl Config {
    /// Reads the text of a settings file. A file without content sets nothing.
    ///
    /// # Errors
    /// What is wrong and where (line and column), in one sentence.
    pub fn parse(path: &str, text: &str) -> Result<Option<Typed<Config>>, Misread> {
        yaml::typed(path, text)
    }

    /// The JSON Schema of the settings file.
    pub fn schema() -> serde_json::Value {
        let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
        serde_json::to_value(generator.into_root_schema_for::<Config>()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Completeness, InventoryKind};
    use std::collections::BTreeSet;

    fn read(text: &str) -> Config {
        Config::parse("meshlift.yaml", text).expect("valid").map(|typed| typed.value).unwrap_or_default()
    }

    #[test]
    fn settings_are_read() {
        let config = read("from: '1.4'\nallow: [unknown-field]\nrootNamespace: istio-config\n");
        assert_eq!(config.from.as_deref(), Some("1.4"));
        assert_eq!(config.allow, ["unknown-field"]);
        assert_eq!(config.root_namespace.as_deref(), Some("istio-config"));
    }

    #[test]
    fn an_inventory_is_a_list_of_paths_or_says_what_is_complete() {
        let inventory = |text: &str| read(text).inventory;
        assert_eq!(inventory("inventory: [a, b]\n").paths.len(), 2);
        assert_eq!(inventory("inventory: {complete: true}\n").complete, Completeness::Shown);
        assert_eq!(inventory("inventory: {complete: false}\n").complete, Completeness::Open);
        assert_eq!(inventory("inventory: {paths: [a], complete: all}\n").complete, Completeness::All);
        let kinds = BTreeSet::from([InventoryKind::Service, InventoryKind::Sidecar]);
        assert_eq!(inventory("inventory: {complete: [services, Sidecar]}\n").complete, Completeness::Kinds(kinds));
    }

    #[test]
    fn what_an_inventory_cannot_say_is_located() {
        for (text, told) in [
            ("inventory: yes please\n", "a list of paths, or `paths:` and `complete:`"),
            ("inventory:\n  completely: true\n", "line 2"),
            ("inventory: {complete: [pigs]}\n", "`pigs` is not a kind"),
            ("inventory: {complete: 3}\n", "`true`, `all`, or a list of kinds"),
            ("mesh: {tls: strict}\n", "unknown field `tls`"),
            ("mesh: {rbac: [on]}\n", "expected a word"),
        ] {
            let error = Config::parse("meshlift.yaml", text).expect_err(text).to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn switches_without_quotes_are_words() {
        let mesh = read("mesh: {rbac: on, sniffing: off, mtls: strict}\n").mesh;
        let text = |word: Option<facts::Word>| word.map(|word| word.text().to_owned()).unwrap_or_default();
        assert_eq!([text(mesh.rbac), text(mesh.sniffing), text(mesh.mtls)], ["on", "off", "strict"]);
    }

    #[test]
    fn a_misspelt_setting_is_an_error_with_a_line() {
        let error =
            Config::parse("meshlift.yaml", "namespace: a\nrootNamespce: b\n").expect_err("misspelt").to_string();
        assert!(error.contains("rootNamespce") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn an_empty_file_sets_nothing() {
        assert_eq!(read("# nothing yet\n"), Config::default());
    }
}
