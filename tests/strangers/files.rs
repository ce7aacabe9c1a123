//! Links that leave the tree, files without an end, pipes that nobody writes to.

use super::ground::{Ground, STRICT};
use std::fs;
use std::process::Command;

const SECRET: &str = "xoxb-4242-token";
const MESH_POLICY: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default\nspec:\n  peers:\n  - mtls: {}\n";

/// Every command that reads, in the formats that CI uses.
const READERS: [&[&str]; 5] =
    [&["verify", "--base", "main"], &["check"], &["diff", "--format", "json"], &["convert"], &["verify", ".", "."]];

#[test]
fn h1_links_that_leave_the_tree_are_not_followed_and_print_nothing() {
    for name in ["meshlift.yaml", "deploy/x.yaml", "deploy/kustomization.yaml", ".gitignore", ".ignore"] {
        for target in ["../token", "/proc/self/environ", ".git/config", ".git/token.yaml"] {
            let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
            fs::write(ground.beside("token"), format!("kind: Service\n- {SECRET}: [\n")).expect("a file");
            fs::write(ground.repo().join(".git/token.yaml"), format!("kind: Service\n{SECRET}\n")).expect("a file");
            ground.git(&["config", "remote.origin.url", &format!("https://{SECRET}@example.invalid/kind: Service")]);
            let target = match name.rsplit_once('/') {
                Some(_) if target.starts_with('/') => target.to_owned(),
                Some(_) => format!("../{target}"),
                None => target.to_owned(),
            };
            ground.link(name, &target);
            for command in READERS {
                let ran = ground.run_with(command, &[("TOKEN", std::path::Path::new(SECRET))]).never_says(SECRET);
                assert!(!ran.text.contains("sshCommand") && !ran.text.contains("[core]"), "{}", ran.text);
                assert_ne!(ran.code, 0, "{name} -> {target}, {command:?}: {}", ran.text);
                ran.says("leads out of the repository");
            }
        }
    }
}

#[test]
fn h1_settings_name_no_path_outside() {
    for setting in
        ["inventory: [/etc]", "inventory: [..]", "inventory: [a/../../token]", "mappings: ../maps", "inventory: [.git]"]
    {
        let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), ("meshlift.yaml", &format!("{setting}\n"))]);
        let ran = ground.run(&["diff"]).exits(2).says("leads out of the repository");
        assert!(ran.text.contains("line 1 column"), "{}", ran.text);
    }
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), ("meshlift.yaml", "inventory: [out]\n")]);
    ground.link("out", "/etc");
    ground.run(&["diff"]).exits(2).says("leads out of the repository");
}

#[test]
fn links_inside_the_tree_are_followed_as_ever() {
    let ground = Ground::new(&[("shared/mesh.yaml", STRICT), ("deploy/readme", "")]);
    ground.link("deploy/mesh.yaml", "../shared/mesh.yaml");
    ground.link("deploy/absolute.yaml", ground.repo().join("shared/mesh.yaml").to_str().expect("UTF-8"));
    ground.run(&["verify", "deploy", "shared"]).exits(0).says("proved equal");
}

#[test]
fn with_follow_links_all_links_are_followed() {
    let ground = Ground::new(&[("deploy/readme", "")]);
    fs::write(ground.beside("mesh.yaml"), MESH_POLICY).expect("a file");
    ground.link("deploy/mesh.yaml", "../../mesh.yaml");
    ground.run(&["convert", "deploy"]).exits(2).says("leads out of the repository");
    ground.run(&["convert", "deploy", "--follow-links"]).exits(0).says("PeerAuthentication");
}

#[test]
fn m2_nothing_outside_the_tree_is_written() {
    let ground = Ground::new(&[("deploy/readme", "")]);
    let victim = ground.beside("mesh.yaml");
    fs::write(&victim, MESH_POLICY).expect("a file");
    ground.link("deploy/mesh.yaml", "../../mesh.yaml");
    for more in [&[][..], &["--follow-links"]] {
        ground.run(&[&["convert", "--write", "deploy"], more].concat()).exits(2).says("leads out of");
        assert_eq!(fs::read_to_string(&victim).expect("read"), MESH_POLICY);
    }
}

#[test]
fn m2_a_folder_behind_a_link_is_not_written() {
    let ground = Ground::new(&[("readme", "")]);
    fs::create_dir(ground.beside("outside")).expect("a folder");
    let victim = ground.beside("outside/mesh.yaml");
    fs::write(&victim, MESH_POLICY).expect("a file");
    ground.link("deploy", "../outside");
    for more in [&[][..], &["--follow-links"]] {
        ground.run(&[&["convert", "--write", "deploy"], more].concat()).exits(2).says("leads out of");
        assert_eq!(fs::read_to_string(&victim).expect("read"), MESH_POLICY);
    }
    ground.write(&[("in/mesh.yaml", MESH_POLICY)]);
    ground.link("out", "../outside");
    ground.run(&["convert", "in", "-o", "out"]).exits(2).says("leads out of");
    assert!(!ground.beside("outside/in").exists());
}

#[test]
fn h2_devices_and_pipes_are_neither_waited_for_nor_read_to_their_end() {
    for name in ["meshlift.yaml", "deploy/x.yaml", "deploy/kustomization.yaml", ".gitignore", "deploy/.ignore"] {
        for target in ["/dev/zero", "/dev/tty", "pipe"] {
            let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
            if target == "pipe" {
                let _ = fs::remove_file(ground.repo().join(name));
                let made = Command::new("mkfifo").arg(ground.repo().join(name)).status().expect("mkfifo runs");
                assert!(made.success());
            } else {
                ground.link(name, target);
            }
            for command in READERS {
                let ran = ground.run(command);
                // A pipe called meshlift.yaml is no settings file; an ignore file is not opened where nothing asks for it.
                let harmless = target == "pipe" && name == "meshlift.yaml" || name.ends_with("ignore");
                let held = ran.code == 2 || harmless && ran.code >= 0;
                assert!(held, "{name}, {target}, {command:?}: {} {}", ran.code, ran.text);
            }
        }
    }
}

#[test]
fn h2_a_huge_file_is_refused() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    for name in ["deploy/huge.yaml", "deploy/kustomization.yaml", "meshlift.yaml", ".gitignore"] {
        let path = ground.repo().join(name);
        fs::File::create(&path).expect("a file").set_len(2_000_000_000).expect("sparse");
        for command in READERS {
            // git itself must not be made to hold such a file; what it says about the index does not matter here.
            ground.run(command).exits(2).says("more than 64,000,000 bytes");
        }
        fs::remove_file(path).expect("removed");
    }
}

#[test]
fn h2_the_limit_is_an_option() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    ground.run(&["check", "--max-file-size", "100"]).exits(2).says("more than 100 bytes").says("--max-file-size");
    ground.run(&["check", "--max-file-size", "1KB"]).exits(0);
    ground.run(&["verify", "--base", "main", "--max-file-size", "100"]).exits(2).says("more than 100 bytes");
    ground.run(&["check", "--max-file-size", "many"]).exits(2);
}
