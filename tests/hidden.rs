//! Every golden input, with each of its Services and workloads hidden in turn (`meaning/knowledge.md` §7): what is written
//! without the hidden object is put beside it again and compared with the old objects on the whole mesh.
//!
//! Nothing may be wider; nothing may be narrower unless the report had said so. A run hides one object of every case,
//! `MESHLIFT_HIDE=all cargo test --release --test hidden -- --nocapture` hides every one and prints the table.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells its table"
)]

#[path = "golden/layers.rs"]
mod layers;

use layers::{Tree, write_tree};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The word of `--inventory-complete` for a kind that is hidden; `None` for kinds that never are.
fn word(kind: &str) -> Option<&'static str> {
    match kind {
        "Service" => Some("services"),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Pod"
        | "Job"
        | "CronJob" => Some("workloads"),
        _ => None,
    }
}

/// Every kind of which absence decides something.
const KINDS: &str = "meshpolicies,policies,clusterrbacconfigs,rbacconfigs,serviceroles,servicerolebindings,peerauthentications,requestauthentications,authorizationpolicies,namespaces,services,workloads,sidecars,serviceentries,destinationrules";

/// What became of an input of which one object is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Converted; equal on the whole mesh, and nothing was taken for granted about what is hidden.
    Exactly,
    /// Converted; equal on the whole mesh, and what was taken for granted is named.
    WithAssumption,
    /// Converted; what is lost on the whole mesh was said.
    NarrowerAsSaid,
    /// Converted under the assumption that a Service is the oldest one, and the hidden one is older.
    AssumptionIsFalse,
    /// Converted; the whole cannot be compared, also without anything hidden.
    NotComparable,
    /// Nothing was written: an error says what is missing.
    Refused,
    /// No old object had an effect, with the hidden object and without it.
    Nothing,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::Exactly => "converted exactly",
            Fate::WithAssumption => "converted with an assumption",
            Fate::NarrowerAsSaid => "converted, narrower as was said",
            Fate::AssumptionIsFalse => "converted, and the assumption named is false",
            Fate::NotComparable => "converted, and the whole cannot be compared",
            Fate::Refused => "refused",
            Fate::Nothing => "nothing to convert",
        })
    }
}

/// One object of one case.
#[derive(Clone, Debug)]
struct Hidden {
    case: PathBuf,
    args: Vec<String>,
    file: PathBuf,
    /// Position among the documents of the file.
    position: usize,
    kind: String,
}

fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
    }
    documents
}

fn kind_of(document: &str) -> Option<&str> {
    document.lines().find_map(|line| line.strip_prefix("kind:")).map(str::trim)
}

/// Kind, namespace and name; enough to tell objects of golden inputs apart.
fn name_of(document: &str) -> String {
    let value: Value = serde_yaml::from_str(document).unwrap_or(Value::Null);
    format!("{} {} {}", value["kind"], value["metadata"]["namespace"], value["metadata"]["name"])
}

/// The objects that can be hidden: of every conversion case whose arguments accept no wider difference by name.
fn hideable() -> Vec<Hidden> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut found = Vec::new();
    for case in folders(&golden).iter().flat_map(|area| folders(area)) {
        let Ok(layers::Case { args, .. }) = layers::case(&case) else { continue };
        let accepts = args.iter().any(|arg| ["--allow", "--plaintext", "--keep-going"].contains(&arg.as_str()));
        if accepts || !case.join("report.txt").exists() {
            continue;
        }
        let files: Vec<(PathBuf, String)> = input(&case)
            .into_iter()
            .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap_or_default()))
            .collect();
        let documents_of_all = files.iter().flat_map(|(_, text)| documents(text));
        let names: Vec<String> = documents_of_all.map(|document| name_of(&document)).collect();
        for (file, text) in
            files.iter().filter(|(file, _)| file.extension().is_some_and(|end| end == "yaml" || end == "yml"))
        {
            for (position, document) in documents(text).iter().enumerate() {
                let Some(kind) = kind_of(document).filter(|kind| word(kind).is_some()) else { continue };
                // Of two objects of one name one cannot be missing: they are not of one mesh.
                if names.iter().filter(|name| **name == name_of(document)).count() > 1 {
                    continue;
                }
                let (case, args, file, kind) = (case.clone(), args.clone(), file.clone(), kind.to_owned());
                found.push(Hidden { case, args, file, position, kind });
            }
        }
    }
    found
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).expect("a readable folder").filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// What the case starts from.
fn input(case: &Path) -> Tree {
    let read = layers::case(case).and_then(|read| layers::given(case, &read, "input"));
    read.expect("the files of a case")
}

/// What the case is to end with.
fn expected(case: &Path) -> Tree {
    layers::case(case).and_then(|read| layers::expected(case, &read)).expect("the files of a case")
}

/// The arguments of the case, but for the claim that the input shows every object of the hidden one's kind.
fn honest(args: &[String], kind: &str) -> Vec<String> {
    let hidden = word(kind).unwrap_or_default();
    let without = |kinds: &str| kinds.split(',').filter(|word| *word != hidden).collect::<Vec<_>>().join(",");
    let honest = args.iter().filter_map(|arg| match arg.strip_prefix("--inventory-complete") {
        None => Some(arg.clone()),
        Some("" | "=all") => Some(format!("--inventory-complete={}", without(KINDS))),
        Some(kinds) => {
            let kept = without(kinds.trim_start_matches('='));
            (!kept.is_empty()).then(|| format!("--inventory-complete={kept}"))
        }
    });
    honest.collect()
}

/// The arguments that `verify` shares with `convert`.
fn for_verify(args: &[String]) -> Vec<String> {
    let alone = ["--port-fence", "--shadow", "--legacy-bug-compat"];
    let keep = |arg: &&String| !alone.contains(&arg.as_str()) && !arg.starts_with("--inventory-complete");
    let kept = args.iter().filter(keep).cloned();
    kept.chain(["--inventory-complete=all".to_owned()]).collect()
}

fn meshlift(inside: &Path, arguments: &[&str], more: &[String]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(arguments)
        .args(more)
        .args(["--color", "never"])
        .current_dir(inside)
        .env_clear()
        .output()
        .expect("meshlift runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// (namespace, port, transport) → outcome of everything that is not equal.
fn differences(folder: &Path, args: &[String]) -> BTreeMap<String, (String, String)> {
    let (_, out, errors) = meshlift(folder, &["verify", "before", "after", "--format", "json"], &for_verify(args));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("no report: {error}\n{errors}"));
    let verdicts = report["verification"].as_array().cloned().unwrap_or_default();
    let different = verdicts.iter().filter(|verdict| verdict["verdict"] != "equal").map(|verdict| {
        let workload = &verdict["workload"];
        let key = format!("{} {} {}", workload, verdict["port"], verdict["transport"]);
        let namespace = workload["namespace"].as_str().unwrap_or_default().to_owned();
        (key, (namespace, verdict["verdict"].as_str().unwrap_or_default().to_owned()))
    });
    different.collect()
}

/// The differences of the case with nothing hidden.
fn of_the_case(hidden: &Hidden) -> BTreeMap<String, (String, String)> {
    let Ok(place) = tempfile::tempdir() else { return BTreeMap::new() };
    write_tree(&input(&hidden.case), &place.path().join("before")).expect("a copy");
    write_tree(&expected(&hidden.case), &place.path().join("after")).expect("a copy");
    differences(place.path(), &hidden.args)
}

/// True when ANY finding or assumption about the namespace, or about the whole mesh, says that access may be lost.
fn was_said(report: &Value, namespace: &str) -> bool {
    let about = |object: &Value| {
        let of = object["namespace"].as_str().unwrap_or_default();
        object.is_null() || of.is_empty() || of == namespace || object["kind"] == "RbacConfig"
    };
    let listed = |list: &str, direction: &str| {
        let entries = report[list].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry[direction] == "narrower" && about(&entry["object"]))
    };
    listed("findings", "direction") || listed("assumptions", "ifFalse")
}

/// Hides one object, converts, puts it back and compares. `Err` says what must not be.
fn hide(hidden: &Hidden) -> Result<Fate, String> {
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (before, after) = (place.path().join("before"), place.path().join("after"));
    let input = input(&hidden.case);
    write_tree(&input, &before).and_then(|()| write_tree(&input, &after)).map_err(|error| error.to_string())?;
    let file = after.join(&hidden.file);
    let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let mut shown = documents(&text);
    let object = shown.remove(hidden.position);
    fs::write(&file, shown.join("---\n")).map_err(|error| error.to_string())?;

    let args = honest(&hidden.args, &hidden.kind);
    let report = place.path().join("report.json");
    let report_argument = report.display().to_string();
    let (code, _, errors) =
        meshlift(&after, &["convert", "--write", "--allow-dirty", "--report", &report_argument], &args);
    let report: Value = serde_json::from_str(&fs::read_to_string(&report).unwrap_or_default()).unwrap_or(Value::Null);
    let told = |code: &str| {
        report["findings"].as_array().is_some_and(|list| list.iter().any(|finding| finding["code"] == code))
    };
    if code == 4 && !told("proof-undecided") {
        return Err(format!("meshlift contradicts itself:\n{errors}"));
    }
    let refused = report["refused"].as_array().is_some_and(|list| !list.is_empty());
    let converted = report["conversions"].as_array().is_some_and(|list| !list.is_empty());
    if code != 0 || (refused && !converted) {
        return Ok(Fate::Refused);
    }
    let written = fs::read_to_string(&file).map_err(|error| error.to_string())?;
    fs::write(&file, format!("{written}\n---\n{object}")).map_err(|error| error.to_string())?;

    let mut fate = match report["assumptions"].as_array() {
        _ if !converted => Fate::Nothing,
        Some(list) if !list.is_empty() => Fate::WithAssumption,
        _ => Fate::Exactly,
    };
    let found = differences(place.path(), &args);
    let known = if found.is_empty() { BTreeMap::new() } else { of_the_case(hidden) };
    for (what, (namespace, outcome)) in found {
        // What the case itself shows has another reason than what is hidden.
        if known.get(&what).is_some_and(|(_, known)| *known == outcome) {
            if outcome == "undecided" {
                fate = fate.max(Fate::NotComparable);
            }
            continue;
        }
        let older = hidden.kind == "Service"
            && report["assumptions"].as_array().is_some_and(|list| {
                let names = |given: &Value| {
                    given["code"] == "oldest-service" && given["object"]["namespace"] == namespace.as_str()
                };
                list.iter().any(names)
            });
        match outcome.as_str() {
            "narrower" if was_said(&report, &namespace) => fate = fate.max(Fate::NarrowerAsSaid),
            "wider" | "different" if older => fate = Fate::AssumptionIsFalse,
            other => return Err(format!("{what} is {other}\n{errors}")),
        }
    }
    Ok(fate)
}

#[test]
fn what_is_written_without_an_object_is_right_when_it_turns_up() {
    let all = std::env::var_os("MESHLIFT_HIDE").is_some();
    let mut hidden = hideable();
    if !all {
        // The first object of every case; the next one of the same case in the long run.
        hidden.dedup_by(|next, first| next.case == first.case);
    }
    let next = AtomicUsize::new(0);
    let (tally, faults) = (Mutex::new(BTreeMap::<(&str, Fate), u32>::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(hidden) = hidden.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match hide(hidden) {
                        Ok(fate) => {
                            let kind = word(&hidden.kind).unwrap_or_default();
                            *tally.lock().expect("no panic while counting").entry((kind, fate)).or_default() += 1;
                        }
                        Err(fault) => {
                            let case = hidden.case.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&hidden.case);
                            let what = format!(
                                "{}: {} document {} ({}) hidden: {fault}",
                                case.display(),
                                hidden.file.display(),
                                hidden.position + 1,
                                hidden.kind
                            );
                            faults.lock().expect("no panic while counting").push(what);
                        }
                    }
                }
            });
        }
    });
    for ((kind, fate), count) in tally.into_inner().expect("no panic while counting") {
        println!("{count:5} of {kind}: {fate}");
    }
    let mut faults = faults.into_inner().expect("no panic while counting");
    faults.sort();
    assert!(hidden.len() > 100, "too little is hidden to show anything");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
}
