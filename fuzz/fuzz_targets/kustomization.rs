//! A folder whose kustomization says anything, read from the disk as every run reads it: no panic, the same answer twice,
//! and nothing is read that lies beside the folder.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshlift::access;
use meshlift::files::{self, Limits, Root, Want};
use meshlift::run::{self, Reading};
use std::fs;

const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default}\nspec: {mtls: {mode: STRICT}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n";

fn options() -> access::Options {
    access::Options { strict: false, budget: access::Budget::default() }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let inside = folder.path().join("in");
    let made = fs::create_dir(&inside)
        .and_then(|()| fs::write(inside.join("mesh.yaml"), POLICY))
        .and_then(|()| fs::write(inside.join("kustomization.yaml"), bytes))
        .and_then(|()| fs::write(folder.path().join("beside.yaml"), POLICY));
    if made.is_err() {
        return;
    }
    let roots = [Root::input(&inside)];
    let walked = files::walk(&roots);
    let found = files::kustomize::find(&walked.sources, &Limits::default());
    assert!(found.all().all(|one| !one.text.is_empty() || bytes.is_empty()));
    // A kustomization that names a kind that matters is read as a manifest too; the file beside the folder never is.
    assert!((1..=2).contains(&files::read(walked, Want::Everything).files.len()));
    let reading = Reading::default();
    let report = || run::verify(&run::compare(&roots, &roots, &reading), &reading, &options());
    let (first, second) = (report(), report());
    assert_eq!(first, second);
    let everywhere = first.findings.iter().filter_map(|finding| finding.place.as_ref());
    assert!(everywhere.into_iter().all(|place| !place.file.contains("beside")));
});
