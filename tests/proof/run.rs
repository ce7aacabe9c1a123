//! One run of the pipeline on a scene, in a folder of its own.

use super::mesh::Scene;
use meshlift::convert::Options;
use meshlift::convert::placement::Style;
use meshlift::files::Root;
use meshlift::finding::catalogue;
use meshlift::mapping::Mappings;
use meshlift::mesh::{Settings, SourceRelease};
use meshlift::report::{self, Purpose};
use meshlift::run::{self, Done, Job, Reading};
use std::collections::BTreeSet;
use std::path::Path;

/// The name of the one file of a scene.
pub const FILE: &str = "mesh.yaml";

/// How a scene is read.
pub fn reading(scene: &Scene) -> Reading {
    let source = if scene.old_release { SourceRelease::V1_4 } else { SourceRelease::V1_5 };
    let settings = Settings { source, ..Settings::default() };
    Reading { settings, complete: scene.complete.clone(), ..Reading::default() }
}

/// What the user chose.
pub fn options(scene: &Scene) -> Options {
    let mut allow = BTreeSet::new();
    if scene.plaintext_permissive {
        // As the command line does: the option asks for it in so many words.
        allow.insert(catalogue::mtls::PLAINTEXT_PERMISSIVE);
    }
    if scene.allow_all {
        allow.extend(catalogue::all());
    }
    Options {
        allow,
        strict: scene.strict,
        plaintext_permissive: scene.plaintext_permissive,
        port_fence: scene.port_fence,
        shadow: scene.shadow,
        legacy_bug_compat: scene.legacy_bug_compat,
    }
}

/// Converts what stands in `folder`. Where `MESHLIFT_LAST_MESH` names a file, the mesh is written there first, for those
/// that end a run without a word (a loop, memory).
pub fn convert(scene: &Scene, folder: &Path, keep_going: bool) -> Done {
    if let Some(file) = std::env::var_os("MESHLIFT_LAST_MESH") {
        // Only a help for people; a mesh that cannot be noted is converted all the same.
        let _ = std::fs::write(file, format!("keep going: {keep_going}\n{scene:#?}"));
    }
    let reading = reading(scene);
    let target = reading.settings.target;
    run::run(Job {
        roots: vec![Root::input(folder)],
        reading,
        mappings: Mappings::embedded(),
        options: options(scene),
        style: Style { api_version: None, target },
        verify: Some(meshlift::access::Budget::default()),
        keep_going,
        purpose: Purpose::Convert,
        findings: Vec::new(),
    })
}

/// True when a finding says that meshlift contradicts itself.
pub fn about_the_tool(done: &Done) -> bool {
    let codes = [catalogue::plan::UNEXPLAINED_DIFFERENCE, catalogue::plan::NOT_YAML_AFTER_EDIT];
    done.report.findings.iter().any(|finding| codes.contains(&finding.code))
}

/// Everything a person needs to look into a failure.
pub fn said(done: &Done) -> String {
    format!("{}\n{}", done.stream, report::text::render(&done.report, &report::Style::PLAIN))
}
