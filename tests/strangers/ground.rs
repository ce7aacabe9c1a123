//! A repository with a `main` branch that is trusted and a branch that is not, and the binary run in it with bounds on
//! time and memory.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A Service in a namespace with strict mutual TLS.
pub const STRICT: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";

/// Longer than any run here needs, and short for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Address space of a run, in KiB: reading without end ends here.
const MEMORY: u64 = 1_500_000;

/// The same with plaintext let in.
pub fn permissive() -> String {
    STRICT.replace("STRICT", "PERMISSIVE")
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; -1 after a signal.
    pub code: i32,
    /// Both outputs.
    pub text: String,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn says(self, what: &str) -> Ran {
        assert!(self.text.contains(what), "`{what}` is not in\n{}", self.text);
        self
    }

    #[track_caller]
    pub fn never_says(self, what: &str) -> Ran {
        assert!(!self.text.contains(what), "`{what}` is in\n{}", self.text);
        self
    }
}

/// A repository in a folder of its own, with room beside it.
pub struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    /// `main` holds these files; a branch is checked out on which nothing has happened yet.
    pub fn new(files: &[(&str, &str)]) -> Ground {
        let ground = Ground { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(ground.repo()).expect("a folder");
        ground.git(&["init", "-q", "-b", "main"]);
        ground.write(files);
        ground.commit("main");
        ground.git(&["checkout", "-q", "-b", "branch"]);
        ground
    }

    /// The repository's folder.
    pub fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes files of the work tree.
    pub fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.repo().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
    }

    /// Makes a link in the work tree.
    pub fn link(&self, name: &str, target: &str) {
        let path = self.repo().join(name);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::os::unix::fs::symlink(target, path).expect("a link");
    }

    /// Commits everything, ignored files included.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Runs git in the repository.
    pub fn git(&self, arguments: &[&str]) {
        git(&self.repo(), arguments);
    }

    /// Runs the binary in the repository.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the binary in the repository, with variables of the environment.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Ran {
        let binary = std::env::var_os("MESHLIFT_UNDER_TEST").unwrap_or(env!("CARGO_BIN_EXE_meshlift").into());
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
            .arg(binary)
            .args(arguments)
            .current_dir(self.repo())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (mut out, mut err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let collect = |pipe: &mut dyn Read| {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("output");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        std::thread::scope(|scope| {
            let out = scope.spawn(|| collect(&mut out));
            let err = scope.spawn(|| collect(&mut err));
            let start = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().expect("a child") {
                    break status;
                }
                if start.elapsed() > PATIENCE {
                    child.kill().expect("killed");
                }
                std::thread::sleep(Duration::from_millis(10));
            };
            let text = out.join().expect("output") + &err.join().expect("output");
            Ran { code: status.code().unwrap_or(-1), text }
        })
    }
}

/// Runs git in a folder, away from the settings of whoever runs the test.
pub fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
