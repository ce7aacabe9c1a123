//! Of several PeerAuthentications that select a workload only the oldest counts, and nobody knows which of two new ones
//! that will be (`meaning/authn.md` §3.2). So in what any golden case expects, no workload is selected by two of them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "golden/layers.rs"]
mod layers;

use meshlift::api::Labels;
use meshlift::mesh::{BuildOptions, Input, Mesh, build, selects};
use meshlift::yaml::Stream;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A message for every workload that two PeerAuthentications with a selector select. A Service whose pods are not in the
/// input stands in for them.
fn selected_twice(mesh: &Mesh) -> Vec<String> {
    let mut found = Vec::new();
    for workload in mesh.subjects() {
        let selecting: Vec<String> = mesh
            .peer
            .iter()
            .filter(|policy| policy.meta.namespace == workload.meta.namespace)
            .filter(|policy| policy.selector != Labels::new() && selects(&policy.selector, &workload.pod_labels))
            .map(|policy| policy.meta.object().to_string())
            .collect();
        if selecting.len() > 1 {
            found.push(format!("{} is selected by {}", workload.meta.object(), selecting.join(" and ")));
        }
    }
    found
}

/// Every environment of some files; templates are not YAML and are left out, as meshlift does.
fn meshes(files: &[(String, String)]) -> Vec<Mesh> {
    let streams = files.iter().map(|(path, text)| Stream::parse(path, Arc::from(text.as_str())));
    let inputs = streams
        .filter(|stream| stream.is_template().is_none())
        .flat_map(|stream| stream.manifests())
        .map(|manifest| Input { manifest, inventory: false });
    let world = build(inputs.collect(), &BuildOptions::default());
    world.environments.into_iter().map(|environment| environment.mesh).collect()
}

/// The manifests that every golden case of a conversion expects, by case.
fn expected() -> Vec<(PathBuf, Vec<(String, String)>)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let subfolders = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder of the golden cases can be read");
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
    };
    let mut cases: Vec<PathBuf> = subfolders(&golden).iter().flat_map(|area| subfolders(area)).collect();
    cases.sort();
    let conversions = cases.into_iter().filter(|case| case.join("report.txt").exists());
    conversions
        .map(|folder| {
            let case = layers::case(&folder).expect("a case says what it is");
            let files = layers::expected(&folder, &case).expect("the files of a case");
            let is_manifest = |path: &Path| path.extension().is_some_and(|it| it == "yaml" || it == "yml");
            let manifests = files
                .into_iter()
                .filter(|(path, _)| is_manifest(path))
                .map(|(path, bytes)| (path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
            (folder, manifests.collect())
        })
        .collect()
}

#[test]
fn authn_e40_no_workload_of_a_golden_case_is_selected_by_two_peer_authentications() {
    let (mut problems, mut policies) = (Vec::new(), 0);
    for (folder, manifests) in expected() {
        for mesh in meshes(&manifests) {
            policies += mesh.peer.iter().filter(|policy| !policy.selector.is_empty()).count();
            problems
                .extend(selected_twice(&mesh).into_iter().map(|problem| format!("{}: {problem}", folder.display())));
        }
    }
    assert!(policies > 20, "the golden cases hold only {policies} PeerAuthentications with a selector");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn two_policies_on_one_workload_are_found() {
    let policy = |name: &str, labels: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}, namespace: foo}}\nspec:\n  selector:\n    matchLabels: {labels}\n"
        )
    };
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: foo}\nspec:\n  template:\n    metadata:\n      labels: {app: web, tier: a}\n    spec:\n      containers: [{name: app, image: app}]\n";
    let text = [policy("one", "{app: web}"), policy("two", "{tier: a}"), deployment.to_owned()].join("---\n");
    let found: Vec<String> = meshes(&[("all.yaml".to_owned(), text)]).iter().flat_map(selected_twice).collect();
    assert_eq!(found, ["Deployment foo/web is selected by PeerAuthentication foo/one and PeerAuthentication foo/two"]);
}
