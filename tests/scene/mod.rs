//! A folder with files, and the binary run in it.

#![allow(dead_code, clippy::expect_used, reason = "every test file uses a part of this, and fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A mesh policy that converts without anything else.
pub const MESH_POLICY: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default\nspec:\n  peers:\n  - mtls: {}\n";

/// A folder with files, and the binary.
pub struct Scene {
    folder: tempfile::TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Scene {
    /// A new folder with these files.
    pub fn new(files: &[(&str, &[u8])]) -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, bytes).expect("a file");
        }
        Scene { folder }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the binary without input.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.pipe(arguments, None)
    }

    /// Runs the binary with an input. It must not panic.
    pub fn pipe(&self, arguments: &[&str], input: Option<&[u8]>) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_meshlift"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        if let Some(mut stdin) = child.stdin.take() {
            // meshlift may stop reading early; that is its right.
            let _ = stdin.write_all(input.unwrap_or_default());
        }
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("meshlift writes UTF-8");
        let ran = Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    /// The bytes of a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).expect("the file")
    }
}

impl Ran {
    /// Expects an exit code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Ran {
        assert_eq!(self.code, expected, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Expects words on either output.
    #[track_caller]
    pub fn says(self, words: &str) -> Ran {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "`{words}` is not in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }
}
