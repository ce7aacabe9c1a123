use super::*;
use crate::files::walk::{Root, walk};
use std::fs;

const LEGACY: &str = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\n";
const OTHER: &str = "apiVersion: v1\nkind: ConfigMap\n";

/// The files worth parsing (by name) and the codes of the findings.
fn check(files: &[(&str, &[u8])], want: Want, expected: (&[&str], &[&str], usize)) {
    let temp = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(temp.path().join(name), bytes).unwrap();
    }
    let scan = read(walk(&[Root::input(temp.path())]), want);
    let names: Vec<&str> = scan.files.iter().map(|file| file.source.shown.rsplit('/').next().unwrap()).collect();
    let codes: Vec<&str> = scan.findings.iter().map(|finding| finding.code.name()).collect();
    assert_eq!((names.as_slice(), codes.as_slice(), scan.seen), expected);
}

#[test]
fn without_a_legacy_group_nothing_is_parsed() {
    let files: &[(&str, &[u8])] = &[("a.yaml", SERVICE.as_bytes()), ("b.yaml", OTHER.as_bytes())];
    check(files, Want::LegacyAndInventory, (&[], &[], 2));
    check(files, Want::Everything, (&["a.yaml"], &[], 2));
}

#[test]
fn with_a_legacy_group_the_inventory_is_parsed_in_path_order() {
    let files: &[(&str, &[u8])] =
        &[("z.json", LEGACY.as_bytes()), ("b.yaml", OTHER.as_bytes()), ("a.yml", SERVICE.as_bytes())];
    check(files, Want::LegacyAndInventory, (&["a.yml", "z.json"], &[], 3));
}

#[test]
fn a_file_that_is_not_utf8_is_reported_when_it_could_matter() {
    let latin = [LEGACY.as_bytes(), b"# caf\xE9\n"].concat();
    check(&[("a.yaml", &latin), ("b.yaml", b"a: \xE9")], Want::LegacyAndInventory, (&[], &["not-utf8"], 2));
    check(&[("dump.yaml", b"\xFF\xFEk\0i\0")], Want::LegacyAndInventory, (&[], &["not-utf8"], 1));
}

#[test]
fn a_named_file_that_is_not_utf8_is_always_reported() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("image.png");
    fs::write(&path, b"\x89PNG").unwrap();
    let scan = read(walk(&[Root::input(&path)]), Want::LegacyAndInventory);
    assert_eq!(scan.findings.first().unwrap().code, input::NOT_UTF8);
    assert!(scan.files.is_empty());
}

#[test]
fn standard_input_is_read_once_and_named_by_a_dash() {
    let scan = read_from(walk(&[Root::input("-"), Root::input("-")]), Want::LegacyAndInventory, &mut LEGACY.as_bytes());
    let file = scan.files.first().unwrap();
    assert_eq!((scan.files.len(), &*file.source.shown, &*file.text), (1, "-", LEGACY));
}

#[test]
fn empty_standard_input_is_no_input() {
    let scan = read_from(walk(&[Root::input("-")]), Want::LegacyAndInventory, &mut "\n".as_bytes());
    assert_eq!((scan.seen, scan.findings.first().unwrap().code), (0, input::NO_MANIFESTS));
}

#[test]
fn a_file_that_vanished_after_the_walk_is_reported() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.yaml");
    fs::write(&path, LEGACY).unwrap();
    let walked = walk(&[Root::input(temp.path())]);
    fs::remove_file(&path).unwrap();
    assert_eq!(read(walked, Want::Everything).findings.first().unwrap().code, input::UNREADABLE_FILE);
}

#[test]
fn files_larger_than_the_buffer_are_read_whole_and_the_next_one_is_not_mixed_with_them() {
    let temp = tempfile::tempdir().unwrap();
    let large = format!("{LEGACY}# {}\n", "x".repeat(300_000));
    fs::write(temp.path().join("a.yaml"), &large).unwrap();
    fs::write(temp.path().join("b.yaml"), LEGACY).unwrap();
    let scan = read(walk(&[Root::input(temp.path())]), Want::LegacyAndInventory);
    let texts: Vec<&str> = scan.files.iter().map(|file| &*file.text).collect();
    assert_eq!(texts, [large.as_str(), LEGACY]);
    assert_eq!(scan.bytes as usize, large.len() + LEGACY.len());
}

#[test]
fn the_budget_is_never_overdrawn() {
    let budget = Budget::new(10);
    assert!(budget.take(6) && !budget.take(5) && budget.take(4) && !budget.take(1) && budget.take(0));
}

#[test]
fn inventory_beyond_the_budget_is_read_again() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.yaml");
    fs::write(&path, SERVICE).unwrap();
    let source = walk(&[Root::input(temp.path())]).sources.remove(0);
    let filter = Filter::new().unwrap();
    let glance = glance(&filter, &Budget::new(0), &source, None, &Limits::default(), &mut Vec::new());
    assert!(matches!(&glance, Glance::Seen { bytes: None, .. }));
    assert_eq!(&*settle(&filter, source, glance, true, &Limits::default()).unwrap().unwrap().text, SERVICE);
}
