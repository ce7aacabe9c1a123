//! Meshes from YAML text, for the tests of every room.

use super::{BuildOptions, Input, Mesh, World, build};
use crate::finding::Finding;
use crate::yaml::Stream;
use std::sync::Arc;

/// Default settings, nothing complete, no kustomizations.
#[doc(hidden)]
pub fn options() -> BuildOptions {
    BuildOptions::default()
}

/// The manifests of files given as (path, text). Files below `inventory/` are inventories.
///
/// # Panics
/// When the text is not YAML: the test is wrong.
#[doc(hidden)]
#[allow(clippy::panic, reason = "test support: a test with broken YAML must fail loudly, not test nothing")]
pub fn inputs(files: &[(&str, &str)]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (path, text) in files {
        let stream = Stream::parse(path, Arc::from(*text));
        assert!(stream.findings.is_empty(), "{path} is not YAML: {:?}", stream.findings);
        let inventory = path.starts_with("inventory/");
        inputs.extend(stream.manifests().into_iter().map(|manifest| Input { manifest, inventory }));
    }
    inputs
}

/// The world of files given as (path, text), with default settings. Files below `inventory/` are inventories.
#[doc(hidden)]
pub fn world(files: &[(&str, &str)]) -> World {
    build(inputs(files), &options())
}

/// The one mesh of a YAML stream, with default settings.
#[doc(hidden)]
pub fn mesh(yaml: &str) -> Mesh {
    let environment = world(&[("input.yaml", yaml)]).environments.pop();
    environment.map_or_else(|| Mesh::new(Default::default()), |environment| environment.mesh)
}

/// The findings of a world, each as `code line:column`, in order.
#[doc(hidden)]
pub fn codes(world: &World) -> Vec<String> {
    let shown = |finding: &Finding| match &finding.place {
        Some(place) => format!("{} {}:{}", finding.code, place.line, place.column),
        None => finding.code.to_string(),
    };
    world.findings.iter().map(shown).collect()
}
