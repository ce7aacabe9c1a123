//! Calling `git`: the one place that does, with which safety, and what its failures mean.
//!
//! The program is called, rather than a library linked: it reads every repository that its user's git can read
//! (worktrees, alternates, partial clones, SHA-256, new index versions), it checks who owns the repository, and it brings
//! one short command line to review where a library brings a hundred crates. What makes it safe is that it is told
//! everything and finds out nothing: one repository, found from the working directory and named on every call; no
//! variable of the environment; no network; no program that a configuration names.

use super::tree::path_of;
use crate::files::open::{Refused, all_of};
use crate::files::shown::{folder, shown};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

/// What git is told on every call. A folder of the tree that looks like a repository is none; nothing is fetched, watched
/// or paged.
const SETTINGS: [&str; 6] = [
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "protocol.ext.allow=never",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
];

/// What its environment says, after every `GIT_*` variable was taken out: messages that can be recognised, no refreshed
/// index, the objects as they are, and never a fetch (the last line says it to versions that do not know the second).
const ENVIRONMENT: [(&str, &str); 6] = [
    ("LC_ALL", "C"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ALLOW_PROTOCOL", "none"),
];

/// A repository and its work tree.
#[derive(Clone, Debug)]
pub(super) struct Git {
    /// The top folder of the work tree, links resolved.
    pub(super) top: PathBuf,
    /// The folder that git keeps its data in.
    store: PathBuf,
}

impl Git {
    /// The repository whose work tree holds `place`, a folder.
    pub(super) fn around(place: &Path) -> Result<Git, Finding> {
        let mut command = bare_command();
        command.arg("-C").arg(place).args(["rev-parse", "--show-toplevel", "--absolute-git-dir"]);
        let output = finish(start(&mut command)?, "rev-parse", place)?;
        let nowhere = || {
            let name = shown(place);
            let message = format!("{} is in no git work tree.", folder(&name));
            Finding::new(input::NO_REPOSITORY, message).at(Place::start_of(name))
        };
        if !output.status.success() {
            let complaint = complaint(&output);
            let none = ["not a git repository", "must be run in a work tree", "cannot use bare repository"];
            // ANY of these says that there is no work tree; everything else is a failure.
            return Err(if none.iter().any(|sentence| complaint.contains(sentence)) {
                nowhere()
            } else {
                failed("rev-parse", place, &complaint)
            });
        }
        let lines: Vec<&[u8]> = output.stdout.split(|&byte| byte == b'\n').collect();
        let [top, store, []] = lines.as_slice() else {
            return Err(failed("rev-parse", place, "the path of the repository holds a line break"));
        };
        let top = path_of(top).canonicalize().map_err(|error| failed("rev-parse", place, &error.to_string()))?;
        // A work tree says so itself. A folder that only looks like a repository does not, in no version of git: `.git`
        // is the one name that nobody can commit.
        if top.join(".git").symlink_metadata().is_err() {
            return Err(nowhere());
        }
        Ok(Git { top, store: path_of(store) })
    }

    /// The id of the commit that `base` means.
    pub(super) fn commit(&self, base: &str) -> Result<String, Finding> {
        // git would take a leading dash for an option. No revision begins with one.
        let plain = !base.starts_with('-') && !base.chars().any(char::is_control);
        if plain {
            let output = self.run(&["rev-parse", "--verify", "--quiet", &format!("{base}^{{commit}}")])?;
            let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if output.status.success() && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && !id.is_empty() {
                return Ok(id);
            }
        }
        let message = format!("The repository at {} has no revision {base:?}.", shown(&self.top));
        Err(Finding::new(input::UNKNOWN_REVISION, message))
    }

    /// All files of a commit, as [`super::Tree::parse`] reads them.
    pub(super) fn list(&self, commit: &str) -> Result<Vec<u8>, Finding> {
        self.told(&["ls-tree", "-r", "-z", "--full-tree", commit])
    }

    /// The files that git tracks in the work tree: paths relative to the top, each ended by NUL.
    pub(super) fn tracked(&self) -> Result<Vec<u8>, Finding> {
        self.told(&["ls-files", "-z", "--cached", "--full-name"])
    }

    /// What git holds for the next commit: lines of the form `MODE ID STAGE<tab>PATH`, each ended by NUL.
    pub(super) fn index(&self) -> Result<Vec<u8>, Finding> {
        self.told(&["ls-files", "-z", "--cached", "--stage", "--full-name"])
    }

    /// Starts the process that hands out contents.
    pub(super) fn objects(&self) -> Result<Objects, Finding> {
        let mut child = start(self.command(&["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answer)) => Ok(Objects { child, ask: Some(ask), answer: BufReader::new(answer) }),
            _ => Err(failed("cat-file", &self.top, "no pipe to it")),
        }
    }

    /// The output of a command that succeeds.
    fn told(&self, arguments: &[&str]) -> Result<Vec<u8>, Finding> {
        let output = self.run(arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(failed(arguments.first().unwrap_or(&""), &self.top, &complaint(&output)))
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Finding> {
        finish(start(&mut self.command(arguments))?, arguments.first().unwrap_or(&""), &self.top)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare_command();
        command.arg("-C").arg(&self.top);
        command.arg("--git-dir").arg(&self.store).arg("--work-tree").arg(&self.top).args(arguments);
        command
    }
}

/// `git` with everything that makes it safe, and nothing to do yet.
fn bare_command() -> Command {
    let mut command = Command::new("git");
    for (variable, _) in std::env::vars_os() {
        if variable.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(variable);
        }
    }
    command.envs(ENVIRONMENT).arg("--no-pager");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(command: &mut Command) -> Result<Child, Finding> {
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Finding::new(input::GIT_FAILED, "The git program was not found; it is needed to read a revision.")
                .remedy("Install git, or give verify two folders.")
        }
        _ => Finding::new(input::GIT_FAILED, format!("The git program cannot be started: {error}.")),
    })
}

fn finish(child: Child, command: &str, place: &Path) -> Result<Output, Finding> {
    child.wait_with_output().map_err(|error| failed(command, place, &error.to_string()))
}

fn failed(command: &str, place: &Path, why: &str) -> Finding {
    let name = shown(place);
    let message = format!("`git {command}` failed in {}: {why}.", folder(&name));
    Finding::new(input::GIT_FAILED, message).at(Place::start_of(name))
}

/// The first line that git printed on standard error, without its prefix and full stop.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or("no reason given");
    line.trim_start_matches("fatal: ").trim_end_matches('.').to_owned()
}

/// A running `git cat-file --batch`: one question, one answer.
#[derive(Debug)]
pub(super) struct Objects {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Objects {
    /// The contents with the given id, unless they are longer than `limit` bytes.
    pub(super) fn read(&mut self, id: &str, limit: u64) -> io::Result<Vec<u8>> {
        let ask = self.ask.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        ask.write_all(format!("{id}\n").as_bytes())?;
        ask.flush()?;
        let mut header = String::new();
        self.answer.read_line(&mut header)?;
        // `ID blob SIZE`, or `ID missing`.
        let size = match header.split_whitespace().collect::<Vec<_>>().as_slice() {
            [_, "blob", size] => size.parse::<u64>().map_err(io::Error::other)?,
            _ => return Err(io::Error::other(format!("git does not hold it ({})", header.trim()))),
        };
        let outcome = if size > limit {
            // The next answer comes after this one.
            io::copy(&mut (&mut self.answer).take(size), &mut io::sink())?;
            Err(Refused::TooLarge(limit).into())
        } else {
            all_of(&mut (&mut self.answer).take(size), size)
        };
        let mut end = [0];
        self.answer.read_exact(&mut end)?;
        match outcome {
            Ok(bytes) if bytes.len() as u64 != size => Err(io::ErrorKind::UnexpectedEof.into()),
            outcome => outcome,
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        drop(self.ask.take()); // git leaves when nobody can ask any more
        let _ = self.child.wait();
    }
}
