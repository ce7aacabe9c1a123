//! What a run is about to write, as the text of its journal, and how that text is read again.
//!
//! The text is made to be read by the next start and by a person: one line per file, paths relative to the folder that
//! holds the journal (so that a tree may be moved, or seen under another path from inside a container), and everything
//! that is no plain character as `%XX`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Component, Path, PathBuf};

/// All files that meshlift puts beside others begin like this, which hides them from a walk.
pub(super) const PREFIX: &str = ".meshlift-";

const FIRST_LINE: &str = "meshlift journal 1";
/// The last line until all files are in place.
const OPEN: &str = "open\n";
/// The last line from then on; as long as [`OPEN`], so that it can be written over it on a full disk.
const DONE: &str = "done\n";

/// What a run is about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Tells this run from all others.
    pub(super) run: String,
    /// The files, in the order in which they are replaced.
    pub(super) steps: Vec<Step>,
    /// True once every file is in place and only the hidden files have to go.
    pub(super) done: bool,
}

/// A file that gets a new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its folder, links resolved.
    pub(super) folder: PathBuf,
    /// Its name in the folder.
    pub(super) name: OsString,
    /// Whether there was a file before.
    pub(super) existed: bool,
    /// Of the new text.
    pub(super) after: Digest,
}

impl Step {
    /// The file itself.
    pub(super) fn target(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// What `.meshlift-journal` in a folder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    /// The plan itself.
    Plan(Plan),
    /// The run that writes here too keeps its plan in another folder.
    Elsewhere {
        /// The run.
        run: String,
        /// The folder with the plan.
        home: PathBuf,
    },
}

/// A name for a run that no other has.
pub(super) fn new_run() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Where the new text of a step waits.
pub(super) fn new_file(folder: &Path, run: &str, number: usize) -> PathBuf {
    folder.join(format!("{PREFIX}{run}-{number}.new"))
}

/// Where the old file of a step is kept; an empty file when there was none.
pub(super) fn old_file(folder: &Path, run: &str, number: usize) -> PathBuf {
    folder.join(format!("{PREFIX}{run}-{number}.old"))
}

impl Plan {
    /// As a journal in the folder `home`, and the place of its last line.
    pub(super) fn text(&self, home: &Path) -> (String, u64) {
        let mut text = format!("{FIRST_LINE}\nrun {}\n", self.run);
        let mut folder = None;
        for step in &self.steps {
            if folder.replace(&step.folder) != Some(&step.folder) {
                text += &format!("in {}\n", escaped(relative(home, &step.folder).as_os_str()));
            }
            let verb = if step.existed { "replace" } else { "create" };
            text += &format!("{verb} {} {}\n", step.after, escaped(&step.name));
        }
        let end = text.len() as u64;
        text += if self.done { DONE } else { OPEN };
        (text, end)
    }

    /// What is written at the place of the last line once all files are in place.
    pub(super) fn done_line() -> &'static [u8] {
        DONE.as_bytes()
    }
}

/// The journal of a folder that takes part in a run whose plan lies in `home`.
pub(super) fn pointer(run: &str, folder: &Path, home: &Path) -> String {
    format!("{FIRST_LINE}\nrun {run}\nplan {}\n", escaped(relative(folder, home).as_os_str()))
}

/// Reads a journal that lies in `folder`; `None` when meshlift did not write it so. Whatever it says, the names in it
/// lie directly in the folders it names.
pub(super) fn parse(text: &str, folder: &Path) -> Option<Journal> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    if lines.next()? != FIRST_LINE {
        return None;
    }
    let run = lines.next()?.strip_prefix("run ")?;
    if run.len() != 16 || !run.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut plan = Plan { run: run.to_owned(), steps: Vec::new(), done: false };
    let mut current: Option<PathBuf> = None;
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "plan" if plan.steps.is_empty() && current.is_none() => {
                let home = folder.join(unescaped(rest)?);
                return lines.next().is_none().then_some(Journal::Elsewhere { run: plan.run, home });
            }
            "in" => current = Some(folder.join(unescaped(rest)?)),
            "replace" | "create" => {
                let (after, name) = rest.split_once(' ')?;
                let name = plain_name(&unescaped(name)?)?;
                let existed = word == "replace";
                plan.steps.push(Step { folder: current.clone()?, name, existed, after: Digest::parse(after)? });
            }
            "open" | "done" => {
                plan.done = word == "done";
                return lines.next().is_none().then_some(Journal::Plan(plan));
            }
            _ => return None,
        }
    }
    None
}

/// A name that stays in its folder and is none of meshlift's own.
fn plain_name(path: &Path) -> Option<OsString> {
    let mut parts = path.components();
    match (parts.next()?, parts.next()) {
        (Component::Normal(name), None) if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) => {
            (name == path.as_os_str()).then(|| name.to_owned())
        }
        _ => None,
    }
}

/// The way from one folder to another, both absolute and without links; `.` for the folder itself.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return to.to_owned(); // Two drives of Windows have no way between them.
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

fn escaped(text: &OsStr) -> String {
    let mut out = String::new();
    for &byte in text.as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' | b'\\' | b':' => {
                out.push(char::from(byte));
            }
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

fn unescaped(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain => plain,
        };
        bytes.push(byte);
    }
    if bytes.is_empty() || bytes.contains(&0) {
        return None;
    }
    path(bytes)
}

#[cfg(unix)]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Enough of a text to recognise it: its length and its 128-bit FNV-1a sum. It guards against accidents (somebody edited
/// the file since), not against forgery, so it need not be a cryptographic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    length: u64,
    sum: u128,
}

impl Digest {
    /// Of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Digest {
        const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let sum = bytes.iter().fold(START, |sum, &byte| (sum ^ u128::from(byte)).wrapping_mul(PRIME));
        Digest { length: bytes.len() as u64, sum }
    }

    fn parse(text: &str) -> Option<Digest> {
        let (length, sum) = text.split_once('-')?;
        Some(Digest { length: length.parse().ok()?, sum: u128::from_str_radix(sum, 16).ok()? })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:032x}", self.length, self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(folder: &str, name: &str, existed: bool) -> Step {
        Step { folder: folder.into(), name: name.into(), existed, after: Digest::of(name.as_bytes()) }
    }

    #[test]
    fn a_journal_reads_back_as_it_was_written() {
        let steps = vec![
            step("/t/a", "x.yaml", true),
            step("/t/a", "with space\nand line.yaml", true),
            step("/t/a/b", "é%.yaml", false),
            step("/t/c", "y.yaml", true),
        ];
        let mut plan = Plan { run: new_run(), steps, done: false };
        for done in [false, true] {
            plan.done = done;
            let (text, end) = plan.text(Path::new("/t/a"));
            assert!(text.is_char_boundary(end as usize) && text.len() as u64 - end == DONE.len() as u64);
            let Some(Journal::Plan(read)) = parse(&text, Path::new("/t/a")) else { panic!("{text}") };
            let folders: Vec<_> = read.steps.iter().map(|step| step.folder.to_str().unwrap()).collect();
            assert_eq!(folders, ["/t/a/.", "/t/a/.", "/t/a/b", "/t/a/../c"]);
            let names: Vec<_> = read.steps.iter().map(|step| (&step.name, step.existed, step.after)).collect();
            let written: Vec<_> = plan.steps.iter().map(|step| (&step.name, step.existed, step.after)).collect();
            assert_eq!((read.done, names), (done, written));
        }
    }

    #[test]
    fn a_folder_points_to_the_plan() {
        let text = pointer("0123456789abcdef", Path::new("/t/a/b"), Path::new("/t/c"));
        let home = PathBuf::from("/u/a/b/../../c");
        let expected = Journal::Elsewhere { run: "0123456789abcdef".into(), home };
        assert_eq!(parse(&text, Path::new("/u/a/b")), Some(expected), "the tree may be seen under another path");
    }

    #[test]
    fn what_meshlift_did_not_write_is_no_journal() {
        let step = "replace 0-00000000000000000000000000000000";
        let head = "meshlift journal 1\nrun 0123456789abcdef\n";
        assert!(parse(&format!("{head}in .\n{step} a\nopen\n"), Path::new("/t")).is_some());
        for text in [
            "".to_owned(),
            head.to_owned(),
            format!("{head}open"),
            format!("{head}open\nopen\n"),
            format!("{head}{step} a\nopen\n"),
            format!("{head}in .\n{step} ../a\nopen\n"),
            format!("{head}in .\n{step} b/a\nopen\n"),
            format!("{head}in .\n{step} a/\nopen\n"),
            format!("{head}in .\n{step} ..\nopen\n"),
            format!("{head}in .\n{step} /a\nopen\n"),
            format!("{head}in .\n{step} %00\nopen\n"),
            format!("{head}in .\n{step} .meshlift-journal\nopen\n"),
            format!("{head}in .\n{step} a\n"),
            "meshlift journal 2\nrun 0123456789abcdef\nopen\n".to_owned(),
            "meshlift journal 1\nrun ../../../../etc/x\nopen\n".to_owned(),
        ] {
            assert_eq!(parse(&text, Path::new("/t")), None, "{text}");
        }
    }

    #[test]
    fn digests_tell_texts_apart() {
        assert_eq!(Digest::of(b"a").to_string(), "1-d228cb696f1a8caf78912b704e4a8964");
        assert_ne!(Digest::of(b"a"), Digest::of(b"b"));
        assert_eq!(Digest::parse(&Digest::of(b"abc").to_string()), Some(Digest::of(b"abc")));
    }
}
