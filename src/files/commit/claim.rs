//! The journal on the disk: a run lays it down before it writes the first byte, and holds a lock on it while it lives.
//!
//! It lies where the files lie, as `.meshlift-journal` in EVERY folder in which a file is replaced: the plan in the first
//! of them (its home), in the others a line that leads there. These folders must be writable in any case, so nothing
//! else has to be (not the folders above, no home of a user), several roots and several disks are no special case, and
//! whoever reads one of the folders later comes across it. In each folder only one run can lay a journal down, so two
//! runs never write side by side.

use super::folders;
use super::plan::{Journal, PREFIX, Plan, parse, pointer};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempPath;

const NAME: &str = ".meshlift-journal";

/// No plan is larger: a line per file.
const MAX_BYTES: u64 = 256 << 20;

/// How often a journal that somebody holds is tried again, and after which pause: a run that only looks holds it for a
/// moment, one that writes holds it until it ends.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// The journal of a folder.
pub(super) fn journal_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Why a run cannot lay down its journal.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// There is one already in this folder.
    Occupied(PathBuf),
    /// It cannot be written in this folder.
    Failed(PathBuf, io::Error),
}

/// The journals of this run. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Claim {
    home: PathBuf,
    /// Open with a lock, which ends with the process.
    file: File,
    /// Where the last line of the plan stands.
    end: u64,
    /// The other folders.
    pointers: Vec<PathBuf>,
    stays: bool,
}

impl Claim {
    /// Lays the journal down in all folders of the plan and flushes it to the disk (the names of the files excepted).
    pub(super) fn take(plan: &Plan) -> Result<Claim, Obstacle> {
        let folders: BTreeSet<&Path> = plan.steps.iter().map(|step| step.folder.as_path()).collect();
        // In the order of their paths: of two runs that meet in several folders, one gets all of them.
        let mut folders = folders.into_iter();
        let home = folders.next().unwrap_or(Path::new("."));
        let (text, end) = plan.text(home);
        let file = appear(home, &plan.run, &text)?;
        let mut claim = Claim { home: home.to_owned(), file, end, pointers: Vec::new(), stays: false };
        claim.file.sync_all().map_err(|error| Obstacle::Failed(home.to_owned(), error))?;
        remove_abandoned(home);
        for folder in folders {
            appear(folder, &plan.run, &pointer(&plan.run, folder, home))?;
            claim.pointers.push(folder.to_owned());
        }
        folders::sync_files(claim.pointers.iter().map(|folder| journal_in(folder)))
            .map_err(|(path, error)| Obstacle::Failed(path, error))?;
        Ok(claim)
    }

    /// Records that every file is in place: from here on the run is finished at the next start, and not undone.
    pub(super) fn done(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(Plan::done_line())?;
        self.file.sync_all()
    }

    /// The folder with the plan.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Leaves the journal for the next start.
    pub(super) fn stays(&mut self) {
        self.stays = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.stays {
            // Those that lead to the plan go first, so that none ever leads nowhere.
            for folder in &self.pointers {
                let _ = fs::remove_file(journal_in(folder));
            }
            let _ = fs::remove_file(journal_in(&self.home));
        }
    }
}

/// Makes the journal of a folder appear, whole and locked, unless there is one.
fn appear(folder: &Path, run: &str, text: &str) -> Result<File, Obstacle> {
    let failed = |error| Obstacle::Failed(folder.to_owned(), error);
    let waiting = folder.join(format!("{PREFIX}{run}-plan.tmp"));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&waiting).map_err(failed)?;
    let waiting = TempPath::try_from_path(waiting).map_err(failed)?;
    // Where the file system knows no locks, whoever finds the journal says that nobody can know.
    let _ = file.try_lock();
    file.write_all(text.as_bytes()).map_err(failed)?;
    waiting.persist_noclobber(journal_in(folder)).map_err(|failure| match failure.error.kind() {
        io::ErrorKind::AlreadyExists => Obstacle::Occupied(folder.to_owned()),
        _ => failed(failure.error),
    })?;
    Ok(file)
}

/// Removes plans that never appeared, because their run was killed before. A living run holds a lock on its own.
fn remove_abandoned(folder: &Path) {
    let is_plan =
        |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with("-plan.tmp"));
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().filter(|entry| is_plan(&entry.file_name())).map(|entry| entry.path()) {
        if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(path);
        }
    }
}

/// What somebody wants from a journal that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To know what it says. Others may look at the same time.
    Look,
    /// To take it over.
    TakeOver,
}

/// What a folder holds of an earlier run, or of another one.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    /// A run that is alive.
    Running,
    /// A run that ended before its end.
    Left(Left),
    /// A line that leads to a plan which is gone.
    Lost(Lost),
    /// A file that is no journal of this version, or one of which nobody can know whether its run is alive; with the
    /// reason, as part of a sentence.
    Unclear(String),
}

/// What a run left that ended before its end. Nobody else can take it over while this lives.
#[derive(Debug)]
pub(super) struct Left {
    /// Where the plan lies.
    pub(super) home: PathBuf,
    pub(super) plan: Plan,
    _lock: File,
}

/// A folder whose journal leads nowhere.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) folder: PathBuf,
    pub(super) run: String,
}

/// Looks for a journal in a folder.
pub(super) fn look(folder: &Path, intent: Intent) -> Found {
    if fs::symlink_metadata(journal_in(folder)).is_err() {
        return Found::Nothing;
    }
    // The way to the plan climbs with `..`, which is right for a path without links only.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    // A run that ends removes its journals while somebody looks, and another one may begin: then once more.
    for _ in 0..TRIES {
        if let Some(found) = look_once(&folder, intent) {
            return found;
        }
        std::thread::sleep(PAUSE);
    }
    Found::Running
}

/// `None` when somebody else held the journal, or when it was another one a moment later.
fn look_once(folder: &Path, intent: Intent) -> Option<Found> {
    let (mut file, journal) = match open(folder) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Some(Found::Nothing),
        Err(why) => return Some(Found::Unclear(why)),
    };
    let (mut plan, mut home) = match journal {
        Journal::Plan(plan) => (plan, folder.to_owned()),
        Journal::Elsewhere { run, home } => {
            let home = home.canonicalize().unwrap_or(home);
            match open(&home) {
                Ok(Some((opened, Journal::Plan(plan)))) if plan.run == run => {
                    file = opened;
                    (plan, home)
                }
                Err(why) => return Some(Found::Unclear(why)),
                // The plan goes last; where the line is still there, no run removed it.
                Ok(_) if is_still(folder, &run) => return Some(Found::Lost(Lost { folder: folder.to_owned(), run })),
                Ok(_) => return None,
            }
        }
    };
    let locked = match intent {
        Intent::Look => file.try_lock_shared(),
        Intent::TakeOver => file.try_lock(),
    };
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return None,
        Err(TryLockError::Error(error)) => {
            return Some(Found::Unclear(format!(
                "it cannot be locked ({error}), so nobody knows whether its run has ended"
            )));
        }
    }
    // The run may have ended, and even another may have begun, before the lock was there.
    match again(&home, &file) {
        Some(now) if now.run == plan.run => plan = now,
        _ => return None,
    }
    home = home.canonicalize().unwrap_or(home);
    Some(Found::Left(Left { home, plan, _lock: file }))
}

/// The plan that stands in the folder now.
#[cfg(unix)]
fn again(home: &Path, _locked: &File) -> Option<Plan> {
    match open(home) {
        Ok(Some((_, Journal::Plan(plan)))) => Some(plan),
        _ => None,
    }
}

/// A locked file can be read through its own handle only.
#[cfg(not(unix))]
fn again(home: &Path, mut locked: &File) -> Option<Plan> {
    locked.rewind().ok()?;
    match read(locked, home) {
        Ok(Journal::Plan(plan)) => Some(plan),
        _ => None,
    }
}

/// The run whose journal stands in a folder.
pub(super) fn run_in(folder: &Path) -> Option<String> {
    match open(folder) {
        Ok(Some((_, Journal::Plan(Plan { run, .. }) | Journal::Elsewhere { run, .. }))) => Some(run),
        _ => None,
    }
}

fn is_still(folder: &Path, run: &str) -> bool {
    run_in(folder).is_some_and(|now| now == run)
}

/// Opens and reads the journal of a folder; an error is part of a sentence.
fn open(folder: &Path) -> Result<Option<(File, Journal)>, String> {
    let path = journal_in(folder);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(about) if !about.is_file() => return Err("it is no regular file".to_owned()),
        _ => {}
    }
    let file = match OpenOptions::new().read(true).write(true).open(&path).or_else(|_| File::open(&path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(unreadable)?,
    };
    let journal = read(&file, folder)?;
    Ok(Some((file, journal)))
}

fn read(file: &File, folder: &Path) -> Result<Journal, String> {
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    parse(&text, folder).ok_or_else(|| "it is no journal that this version of meshlift knows".to_owned())
}

fn unreadable(error: io::Error) -> String {
    format!("it cannot be read ({error})")
}
