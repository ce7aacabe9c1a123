//! The one way to open a file that a run reads: never waits, never reads more than it may, never leaves the folder that
//! the file belongs to.
//!
//! What holds: on Linux the file is opened below a handle of its [`Bounds`], and the kernel refuses a path that leaves
//! it, so that no folder can be swapped for a link between the check and the opening. Elsewhere, and on kernels without
//! `openat2`, the path is resolved, checked, and opened as resolved; a swap within that moment is not noticed.

use super::bounds::Bounds;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// What is read at most, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of standard input.
    pub stdin: u64,
    /// Whether links may leave the [`Bounds`].
    pub links: Links,
}

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Those that stay inside.
    Inside,
    /// All of them: `--follow-links`.
    Anywhere,
}

impl Limits {
    /// 64 MB for a file: no manifest comes near it.
    pub const FILE: u64 = 64_000_000;
    /// 1 GB for standard input, where the dump of a whole cluster may come from.
    pub const STDIN: u64 = 1_000_000_000;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { file: Limits::FILE, stdin: Limits::STDIN, links: Links::Inside }
    }
}

/// Why a file was not read although it exists and the system would allow it. Carried inside an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is a link, or lies behind one, that leaves the bounds.
    Outside,
    /// A pipe, socket, device or folder.
    NotRegular,
    /// More bytes than this.
    TooLarge(u64),
}

impl Refused {
    /// The refusal behind an error of this module.
    pub fn of(error: &io::Error) -> Option<Refused> {
        error.get_ref()?.downcast_ref::<Refused>().copied()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Outside => {
                f.write_str("it is a link, or lies behind one, that leads out of the repository or folder")
            }
            Refused::NotRegular => f.write_str("it is no regular file"),
            Refused::TooLarge(limit) => write!(f, "it holds more than {} bytes", grouped(*limit)),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> io::Error {
        io::Error::other(refused)
    }
}

/// Opens a regular file inside `bounds`.
///
/// # Errors
/// What the system says, or a [`Refused`].
pub(super) fn open(path: &Path, bounds: &Bounds, limits: &Limits) -> io::Result<File> {
    let file = match limits.links {
        Links::Inside => open_inside(path, bounds)?,
        Links::Anywhere => options().open(path)?,
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(Refused::NotRegular.into());
    }
    if about.len() > limits.file {
        return Err(Refused::TooLarge(limits.file).into());
    }
    Ok(file)
}

/// The bytes of a regular file inside `bounds`.
///
/// # Errors
/// As for [`open`].
pub(super) fn read(path: &Path, bounds: &Bounds, limits: &Limits) -> io::Result<Vec<u8>> {
    all_of(&mut open(path, bounds, limits)?, limits.file)
}

/// The bytes of a file that the user named. What is named below the working directory's bounds stays there; anything
/// else (`/dev/stdin`, the pipe of `<(command)`) is the user's own word.
///
/// # Errors
/// As for [`open`].
pub(super) fn read_named(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    match Bounds::of_named(path) {
        Some(bounds) => read(path, &bounds, limits),
        None => all_of(&mut File::open(path)?, limits.file),
    }
}

/// Everything that `input` holds, unless that is more than `limit` bytes.
pub(super) fn all_of(input: &mut dyn Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Refused::TooLarge(limit).into()) } else { Ok(bytes) }
}

/// For opening without waiting for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    options
}

#[cfg(target_os = "linux")]
fn open_inside(path: &Path, bounds: &Bounds) -> io::Result<File> {
    use rustix::io::Errno;
    // Most files have no link on their way, and then one call says so.
    if let Some(below) = bounds.named_below(path) {
        match open_below(bounds, &below) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {}
            outcome => return outcome,
        }
    }
    let real = path.canonicalize()?;
    let below = bounds.below(&real).ok_or(Refused::Outside)?;
    open_below(bounds, below)
}

/// Opens a path without links below the top.
#[cfg(target_os = "linux")]
fn open_below(bounds: &Bounds, below: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
    loop {
        match openat2(bounds.handle()?, below, flags, Mode::empty(), resolve) {
            Ok(file) => return Ok(file.into()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => return open_resolved(&bounds.top().join(below), bounds),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn open_inside(path: &Path, bounds: &Bounds) -> io::Result<File> {
    open_resolved(path, bounds)
}

/// Resolves, checks, opens.
fn open_resolved(path: &Path, bounds: &Bounds) -> io::Result<File> {
    let real = path.canonicalize()?;
    bounds.below(&real).ok_or(Refused::Outside)?;
    options().open(real)
}

/// 64,000,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn refused(path: &Path, limits: &Limits) -> Option<Refused> {
        let bounds = Bounds::around(path.parent().unwrap());
        read(path, &bounds, limits).err().and_then(|error| Refused::of(&error))
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_and_one_at_the_limit_is_read() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.yaml");
        fs::write(&path, "12345").unwrap();
        let limits = |file| Limits { file, ..Limits::default() };
        assert_eq!(refused(&path, &limits(4)), Some(Refused::TooLarge(4)));
        assert_eq!(refused(&path, &limits(5)), None);
        assert_eq!(refused(temp.path().join(".").as_path(), &limits(5)), Some(Refused::NotRegular));
        assert_eq!(Refused::TooLarge(64_000_000).to_string(), "it holds more than 64,000,000 bytes");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_the_bounds_only() {
        use std::os::unix::fs::symlink;
        let temp = tempfile::tempdir().unwrap();
        let inside = temp.path().canonicalize().unwrap().join("in");
        fs::create_dir_all(inside.join("d/.git")).unwrap();
        fs::write(inside.join("real.yaml"), "real").unwrap();
        fs::write(inside.join("d/.git/config"), "secret").unwrap();
        fs::write(temp.path().join("token"), "secret").unwrap();
        let bounds = Bounds::around(&inside);
        let read = |name: &str, links| read(&inside.join(name), &bounds, &Limits { links, ..Limits::default() });
        for (name, target, expected) in [
            ("relative", "real.yaml", None),
            ("absolute", inside.join("real.yaml").to_str().unwrap(), None),
            ("through", "relative", None),
            ("out", "../token", Some(Refused::Outside)),
            ("git", "d/.git/config", Some(Refused::Outside)),
            ("zero", "/dev/zero", Some(Refused::Outside)),
            ("environment", "/proc/self/environ", Some(Refused::Outside)),
        ] {
            symlink(target, inside.join(name)).unwrap();
            let outcome = read(name, Links::Inside);
            assert_eq!(outcome.as_ref().err().and_then(Refused::of), expected, "{name}: {outcome:?}");
            assert_eq!(outcome.is_ok(), expected.is_none(), "{name}: {outcome:?}");
        }
        assert_eq!(read("out", Links::Anywhere).unwrap(), b"secret");
        let endless = read("zero", Links::Anywhere).unwrap_err();
        assert_eq!(Refused::of(&endless), Some(Refused::NotRegular));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_without_a_writer_is_not_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(refused(&path, &Limits::default()), Some(Refused::NotRegular));
    }
}
