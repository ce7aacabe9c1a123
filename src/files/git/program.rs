//! Calling `git`: which commands, with which safety, and what their failures mean.

use super::tree::path_of;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

/// A work tree, and the path of the command line that led to it.
#[derive(Clone, Debug)]
pub(super) struct Git {
    /// The top folder of the work tree, links resolved.
    pub(super) top: PathBuf,
    shown: Arc<str>,
}

impl Git {
    /// The work tree that holds `place` (a resolved path that need not exist).
    pub(super) fn around(shown: &Arc<str>, place: &Path) -> Result<Git, Finding> {
        let folder = place.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(place);
        let git = Git { top: folder.to_owned(), shown: shown.clone() };
        let output = git.run(&["rev-parse", "--show-toplevel"])?;
        if !output.status.success() {
            let complaint = complaint(&output);
            if complaint.contains("not a git repository") || complaint.contains("must be run in a work tree") {
                let message = format!("{} is in no git repository.", super::super::shown::folder(shown));
                return Err(Finding::new(input::NO_REPOSITORY, message).at(Place::start_of(shown.clone())));
            }
            return Err(git.failed("rev-parse", &complaint));
        }
        let top = path_of(output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout));
        Ok(Git { top: top.canonicalize().unwrap_or(top), shown: shown.clone() })
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
        let message =
            format!("The repository of {} has no revision {base:?}.", super::super::shown::folder(&self.shown));
        Err(Finding::new(input::UNKNOWN_REVISION, message))
    }

    /// All files of a commit, as [`super::Tree::parse`] reads them.
    pub(super) fn list(&self, commit: &str) -> Result<Vec<u8>, Finding> {
        let output = self.run(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        if output.status.success() { Ok(output.stdout) } else { Err(self.failed("ls-tree", &complaint(&output))) }
    }

    /// Starts the process that hands out contents.
    pub(super) fn objects(&self) -> Result<Objects, Finding> {
        let mut child =
            self.start(self.command(&["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answer)) => Ok(Objects { child, ask: Some(ask), answer: BufReader::new(answer) }),
            _ => Err(self.failed("cat-file", "no pipe to it")),
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Finding> {
        let child = self.start(self.command(arguments).stdin(Stdio::null()))?;
        child.wait_with_output().map_err(|error| self.failed(arguments.first().unwrap_or(&""), &error.to_string()))
    }

    /// `git` in the work tree, found from the folder alone: inside a hook, git's own variables would lead elsewhere.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.top).args(arguments);
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(variable);
        }
        // Messages that can be recognised, and no refreshed index.
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, command: &mut Command) -> Result<Child, Finding> {
        command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Finding::new(input::GIT_FAILED, "The git program was not found; it is needed to read a revision.")
                    .remedy("Install git, or give verify two folders.")
            }
            _ => self.failed("", &error.to_string()),
        })
    }

    fn failed(&self, command: &str, why: &str) -> Finding {
        let message = format!("`git {command}` failed in {}: {why}.", self.top.display());
        Finding::new(input::GIT_FAILED, message).at(Place::start_of(self.shown.clone()))
    }
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
    /// The contents with the given id.
    pub(super) fn read(&mut self, id: &str) -> io::Result<Vec<u8>> {
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
        let mut bytes = Vec::new();
        (&mut self.answer).take(size).read_to_end(&mut bytes)?;
        let mut end = [0];
        self.answer.read_exact(&mut end)?;
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        drop(self.ask.take()); // git leaves when nobody can ask any more
        let _ = self.child.wait();
    }
}
