//! How fast meshlift finds out that a tree holds nothing legacy, as a ratio to `rg -l` for the same strings.
//!
//! ```text
//! cargo bench --bench scan                                # 100,000 manifests
//! MESHLIFT_BENCH_FILES=2000 cargo bench --bench scan      # a quick look
//! ```
//!
//! The target (`inside/design.md` §9): at most 1.5 times the time of `rg` in the same run. The number is printed and never
//! checked, because a time is no test. `rg` is compared where it is installed; its start-up counts against it.
#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use anyhow::{Context, Result, ensure};
use meshlift::files::{Root, Want, read, walk};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 100_000;
const FILES_PER_FOLDER: usize = 100;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("scan: a benchmark, not a test; run `cargo bench --bench scan`");
        return Ok(());
    }
    let count = match std::env::var("MESHLIFT_BENCH_FILES") {
        Ok(number) => number.parse().context("MESHLIFT_BENCH_FILES is not a number")?,
        Err(_) => FILES,
    };
    let tree = tempfile::tempdir()?;
    let bytes = write_manifests(tree.path(), count)?;
    println!("{count} manifests, {:.1} MB, best of {ROUNDS} rounds", bytes as f64 / 1e6);

    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    // In turns, so that both meet the same state of the machine.
    for _ in 0..ROUNDS {
        ours.push(meshlift(tree.path(), count)?);
        theirs.extend(ripgrep(tree.path())?);
    }
    let ours = best(&ours).context("no round was run")?;
    println!("meshlift  {ours:>10.1?}  {:.0} files/s", count as f64 / ours.as_secs_f64());
    match best(&theirs) {
        Some(theirs) => {
            println!("rg -l     {theirs:>10.1?}  {:.0} files/s", count as f64 / theirs.as_secs_f64());
            println!("ratio     {:>10.2}   (target: at most 1.5)", ours.as_secs_f64() / theirs.as_secs_f64());
        }
        None => println!("rg is not installed, so there is no ratio"),
    }
    Ok(())
}

fn best(times: &[Duration]) -> Option<Duration> {
    times.iter().min().copied()
}

fn meshlift(tree: &Path, count: usize) -> Result<Duration> {
    let start = Instant::now();
    let scan = read(walk(&[Root::input(tree)]), Want::LegacyAndInventory);
    let time = start.elapsed();
    ensure!(scan.seen == count, "meshlift read {} of {count} files", scan.seen);
    ensure!(scan.files.is_empty() && scan.findings.is_empty(), "meshlift found something in harmless manifests");
    Ok(time)
}

/// `None` when `rg` is not installed.
fn ripgrep(tree: &Path) -> Result<Option<Duration>> {
    let start = Instant::now();
    let status = Command::new("rg")
        .args(["--no-config", "-l", "-e", "authentication.istio.io", "-e", "rbac.istio.io"])
        .arg(tree)
        .stdout(Stdio::null())
        .status();
    let time = start.elapsed();
    match status {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("rg does not start"),
        Ok(status) => {
            ensure!(status.code() == Some(1), "rg found something in harmless manifests, or failed");
            Ok(Some(time))
        }
    }
}

/// Writes `count` manifests of the usual kinds in folders of a hundred; returns how many bytes they hold.
fn write_manifests(tree: &Path, count: usize) -> Result<usize> {
    let mut bytes = 0;
    for number in 0..count {
        let folder = tree.join(format!("team-{:04}", number / FILES_PER_FOLDER));
        if number % FILES_PER_FOLDER == 0 {
            fs::create_dir(&folder)?;
        }
        let text = manifest(number);
        bytes += text.len();
        fs::write(folder.join(format!("app-{number:06}.yaml")), text)?;
    }
    Ok(bytes)
}

fn manifest(number: usize) -> String {
    let name = format!("app-{number:06}");
    let head = |group: &str, kind: &str| {
        format!("apiVersion: {group}\nkind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\n")
    };
    match number % 5 {
        0 => {
            head("v1", "Service")
                + &format!("spec:\n  selector:\n    app: {name}\n  ports:\n  - name: http\n    port: 80\n")
        }
        1 => {
            head("apps/v1", "Deployment")
                + &format!(
                    "spec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      \
                     labels:\n        app: {name}\n    spec:\n      containers:\n      - name: main\n        image: \
                     registry.example.com/{name}:1.0\n        ports:\n        - containerPort: 8080\n"
                )
        }
        2 => head("v1", "ConfigMap") + "data:\n  settings: |\n    level: info\n    retries: 3\n",
        3 => {
            head("networking.istio.io/v1beta1", "VirtualService")
                + &format!(
                    "spec:\n  hosts:\n  - {name}\n  http:\n  - route:\n    - destination:\n        host: {name}\n"
                )
        }
        _ => head("v1", "ServiceAccount"),
    }
}
