//! What must hold for every text, however broken: used by the fuzz targets and by `tests/hostile.rs`.

use meshlift::access::{self, Budget, Side, World as Mode};
use meshlift::convert::Options;
use meshlift::convert::placement::{Style, place};
use meshlift::convert::plan::plan;
use meshlift::finding::Finding;
use meshlift::mapping::Mappings;
use meshlift::mesh::{self, BuildOptions, Input};
use meshlift::yaml::{self, Replacement, Slot, Stream, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Enough to go through everything, not enough to take long.
const BUDGET: Budget = Budget { question: 2_000_000, run: 20_000_000, per_condition: 0 };

/// Reads a text, asks every object for everything, and replaces the objects that `picks` selects (one bit each): what
/// is not replaced stays to the byte, and what was written can be read again.
pub fn yaml_layer(text: &str, picks: u64) {
    let stream = Stream::parse("a.yaml", Arc::from(text));
    assert_located(&stream.findings);
    let segments = stream.segments();
    for (one, next) in segments.iter().zip(segments.iter().skip(1)) {
        assert_eq!(one.end, next.start, "documents tile the file");
    }
    assert_eq!(yaml::rewrite(&stream, &BTreeMap::new()), text, "nothing replaced, nothing changed");
    let manifests = stream.manifests();
    for manifest in &manifests {
        for pointer in ["", "/metadata/name", "/spec", "/spec/rules/0", "/spec/nothing/~1/3"] {
            let (at, key) = (manifest.place(pointer), manifest.key_place(pointer));
            assert!(text.get(at.span.range()).is_some() && text.get(key.span.range()).is_some(), "{pointer}");
            manifest.notes(pointer);
        }
        manifest.leading_comments();
        manifest.unclaimed_comments(&["/spec"]);
        manifest.source();
    }
    let picked = |number: usize| picks >> (number % 64) & 1 == 1;
    let changes: BTreeMap<Slot, Replacement> = manifests
        .iter()
        .enumerate()
        .filter(|(number, _)| picked(*number))
        .map(|(number, manifest)| (manifest.slot(), replacement(number)))
        .collect();
    check_rewrite(&stream, &changes);
}

fn replacement(number: usize) -> Replacement {
    let object = |name: &str| {
        Tree::from(serde_json::json!({
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": name}, "spec": {"a": ["on", "- x: #"]}
        }))
    };
    match number % 3 {
        0 => Replacement::Objects(vec![object("one")]),
        1 => Replacement::Objects(vec![object("one"), object("two")]),
        _ => Replacement::Comment(vec!["gone".to_owned(), "for good".to_owned()]),
    }
}

/// Documents that no change is about stay to the byte, and no document becomes unreadable.
fn check_rewrite(stream: &Stream, changes: &BTreeMap<Slot, Replacement>) {
    let new = yaml::rewrite(stream, changes);
    let changed: BTreeSet<usize> = changes.keys().map(|slot| slot.document).collect();
    let mut rest = new.as_str();
    for (number, segment) in stream.segments().into_iter().enumerate() {
        if changed.contains(&number) {
            continue;
        }
        let kept = stream.text.get(segment.range()).expect("segments are inside the file");
        let at = rest.find(kept);
        assert!(at.is_some(), "document {number} is not in the new text:\n{new}");
        rest = rest.get(at.unwrap_or_default() + kept.len()..).unwrap_or_default();
    }
    let again = Stream::parse("a.yaml", Arc::from(new.as_str()));
    assert!(
        again.findings.len() <= stream.findings.len() || again.is_template().is_some(),
        "{:?}\n{new}",
        again.findings
    );
    let wanted = changes.values().map(|change| match change {
        Replacement::Objects(trees) => trees.len(),
        Replacement::Comment(_) => 0,
    });
    let kept = stream.manifests().len() - changes.len();
    if again.is_template().is_none() {
        assert_eq!(again.manifests().len(), kept + wanted.sum::<usize>(), "objects are lost or made up:\n{new}");
    }
}

/// Reads a text, converts what is in it, writes the result into the text, and has the proof look at both.
pub fn converter(text: &str) {
    let stream = Stream::parse("a.yaml", Arc::from(text));
    let input = |manifest| Input { manifest, inventory: false };
    let inputs: Vec<Input> = stream.manifests().into_iter().map(input).collect();
    let world = mesh::build(inputs, &BuildOptions { one_mesh: true, ..BuildOptions::default() });
    assert_located(&world.findings);
    let options = Options {
        shadow: text.len().is_multiple_of(2),
        port_fence: text.len().is_multiple_of(3),
        ..Options::default()
    };
    let plan = plan(&world, &Mappings::embedded(), &options);
    assert_located(plan.ledger.findings());
    let style = Style { api_version: None, target: BuildOptions::default().settings.target };
    let placement = place(&plan, &world, style);
    if let Some(changes) = placement.changes.get("a.yaml") {
        check_rewrite(&stream, changes);
    }
    let new: Vec<Input> = placement
        .placed
        .iter()
        .flat_map(|placed| Stream::parse("new.yaml", Arc::from(yaml::emit(&placed.standalone()))).manifests())
        .map(input)
        .collect();
    assert_eq!(new.len(), placement.placed.len(), "every new object can be read");
    let after = mesh::build(new, &BuildOptions { one_mesh: true, ..BuildOptions::default() });
    let meshes = world.environments.iter().zip(&after.environments);
    for (before, after) in meshes {
        let (before, after) =
            (Side { mesh: &before.mesh, world: Mode::Source }, Side { mesh: &after.mesh, world: Mode::Target });
        access::prove(before, after, &access::Options { strict: text.len() % 2 == 1, budget: BUDGET });
    }
}

/// ALL findings about manifests say where.
pub fn assert_located(findings: &[Finding]) {
    for finding in findings {
        assert!(finding.place.is_some(), "{} is not located: {}", finding.code, finding.message);
    }
}
