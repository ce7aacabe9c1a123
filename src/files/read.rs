//! Reading the files of a walk: in parallel, through the byte filter, back in path order.

#[cfg(test)]
mod tests;

use super::filter::{Filter, Interest};
use super::open::{self, Limits, Refused};
use super::text::decode;
use super::unread;
use super::walk::{Role, Source, Walked, unreadable};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes of files that only the inventory needs are held while it is not yet known whether any file names a
/// legacy group. Files beyond it are read again when one does.
const HELD_BYTES: usize = 16 << 20;

/// Which files are worth parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// None unless some file names a group of Istio security, old or current; then those, and those the inventory
    /// needs. For conversion.
    LegacyAndInventory,
    /// Every file that names a legacy group or a kind of the inventory. For `verify`, where new objects stand alone.
    Everything,
}

/// A file that is worth parsing.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    /// Where it comes from.
    pub source: Source,
    /// Its text, a byte order mark included.
    pub text: Arc<str>,
    /// What the byte filter saw in it.
    pub interest: Interest,
}

/// What [`read()`] returns.
#[derive(Debug, Default)]
pub struct Scan {
    /// The files worth parsing, in path order.
    pub files: Vec<SourceFile>,
    /// How many files were read, those not worth parsing included. Files without any document do not count, and 0 means
    /// that there was no input at all: no file of [`Role::Input`] holds a document, whatever the inventory shows.
    pub seen: usize,
    /// How many bytes they hold.
    pub bytes: u64,
    /// Everything the walk reported, and files that could not be read.
    pub findings: Vec<Finding>,
}

/// Reads what a walk found. The findings of the walk are handed on.
pub fn read(walked: Walked, want: Want) -> Scan {
    read_from(walked, want, &mut io::stdin().lock())
}

/// Like [`read()`], with standard input given.
pub fn read_from(walked: Walked, want: Want, stdin: &mut dyn Read) -> Scan {
    let mut scan = Scan { findings: walked.findings, ..Scan::default() };
    let filter = match Filter::new() {
        Ok(filter) => filter,
        Err(error) => {
            scan.findings.push(no_filter(&error));
            return scan;
        }
    };
    let limits = walked.limits;
    scan.findings.extend(unread::look(&walked.unread, &limits));
    let held = Budget::new(if want == Want::Everything { usize::MAX } else { HELD_BYTES });
    let piped = walked.sources.iter().any(|source| source.path.is_none()).then(|| open::all_of(stdin, limits.stdin));

    let glances: Vec<Glance> = walked
        .sources
        .par_iter()
        .map_init(Vec::new, |buffer, source| glance(&filter, &held, source, piped.as_ref(), &limits, buffer))
        .collect();

    gather(scan, &filter, walked.sources, glances, want, &limits)
}

/// Does for bytes that were read elsewhere (from a git revision) what [`read()`] does for files.
pub(super) fn sift(read: impl Iterator<Item = (Source, io::Result<Vec<u8>>)>, want: Want) -> Scan {
    let filter = match Filter::new() {
        Ok(filter) => filter,
        Err(error) => return Scan { findings: vec![no_filter(&error)], ..Scan::default() },
    };
    let (sources, glances): (Vec<Source>, Vec<Glance>) = read
        .map(|(source, outcome)| {
            let glance = match outcome {
                Err(error) => Glance::Failed(unreadable(source.shown.clone(), &error)),
                Ok(bytes) => {
                    let interest = filter.interest(&bytes);
                    let size = bytes.len() as u64;
                    Glance::Seen { size, interest, bytes: (source.named || interest.is_any()).then_some(bytes) }
                }
            };
            (source, glance)
        })
        .unzip();
    gather(Scan::default(), &filter, sources, glances, want, &Limits::default())
}

fn no_filter(error: &aho_corasick::BuildError) -> Finding {
    Finding::new(
        input::UNREADABLE_FILE,
        format!("No file can be read, because the byte filter does not start: {error}."),
    )
}

/// Decides, now that all files were looked at, which of them are parsed, and adds them to the scan.
fn gather(
    mut scan: Scan,
    filter: &Filter,
    sources: Vec<Source>,
    glances: Vec<Glance>,
    want: Want,
    limits: &Limits,
) -> Scan {
    for glance in &glances {
        if let Glance::Seen { size, .. } = glance {
            scan.seen += 1;
            scan.bytes += size;
        }
    }
    let inputs = || sources.iter().zip(&glances).filter(|(source, _)| source.role == Role::Input);
    if !inputs().any(|(_, glance)| matches!(glance, Glance::Seen { .. })) {
        scan.seen = 0;
        let blank: Vec<&Source> =
            inputs().filter(|(_, glance)| matches!(glance, Glance::Blank)).map(|(source, _)| source).collect();
        scan.findings.extend(nothing_met(&blank));
    }
    let about_security =
        |glance: &Glance| matches!(glance, Glance::Seen { interest, .. } if interest.legacy || interest.security);
    let parse = want == Want::Everything || glances.iter().any(about_security);
    let outcomes: Vec<Option<Result<SourceFile, Finding>>> = sources
        .into_par_iter()
        .zip(glances)
        .map(|(source, glance)| settle(filter, source, glance, parse, limits))
        .collect();
    for outcome in outcomes.into_iter().flatten() {
        match outcome {
            Ok(file) => scan.files.push(file),
            Err(finding) => scan.findings.push(finding),
        }
    }
    scan
}

/// What one look at a file told.
enum Glance {
    Failed(Finding),
    /// Met in a folder, and without any document.
    Blank,
    Seen {
        size: u64,
        interest: Interest,
        /// The bytes, when they may be needed and there was room for them.
        bytes: Option<Vec<u8>>,
    },
}

fn glance(
    filter: &Filter,
    held: &Budget,
    source: &Source,
    piped: Option<&io::Result<Vec<u8>>>,
    limits: &Limits,
    buffer: &mut Vec<u8>,
) -> Glance {
    let outcome = match (&source.path, piped) {
        (Some(path), _) => opened(source, path, limits).and_then(|mut file| read_into(&mut file, limits.file, buffer)),
        (None, Some(Ok(bytes))) => Ok(bytes.as_slice()),
        (None, Some(Err(error))) => return Glance::Failed(unreadable(source.shown.clone(), error)),
        (None, None) => Ok([].as_slice()),
    };
    let bytes = match outcome {
        Ok(bytes) => bytes,
        Err(error) => return Glance::Failed(unreadable(source.shown.clone(), &error)),
    };
    if holds_no_document(bytes) {
        return if source.named { Glance::Failed(nothing_in(source, bytes)) } else { Glance::Blank };
    }
    let interest = filter.interest(bytes);
    // What the user names is checked even when nothing in it matters; and a pipe cannot be read again.
    let keep = interest.legacy || source.named || (interest.inventory && held.take(bytes.len()));
    Glance::Seen { size: bytes.len() as u64, interest, bytes: keep.then(|| bytes.to_vec()) }
}

/// Turns a glance into a file to parse, a finding, or nothing.
fn settle(
    filter: &Filter,
    source: Source,
    glance: Glance,
    parse: bool,
    limits: &Limits,
) -> Option<Result<SourceFile, Finding>> {
    let (interest, bytes) = match glance {
        Glance::Failed(finding) => return Some(Err(finding)),
        Glance::Blank => return None,
        Glance::Seen { interest, bytes, .. } => (interest, bytes),
    };
    let wanted = parse && interest.is_any();
    if !wanted && !source.named {
        return None;
    }
    let (interest, bytes) = match bytes {
        Some(bytes) => (interest, bytes),
        None => match opened(&source, source.path.as_ref()?, limits)
            .and_then(|mut file| open::all_of(&mut file, limits.file))
        {
            Ok(bytes) => (filter.interest(&bytes), bytes),
            Err(error) => return Some(Err(unreadable(source.shown, &error))),
        },
    };
    match decode(&source.shown, bytes) {
        Ok(text) => wanted.then_some(Ok(SourceFile { source, text, interest })),
        Err(finding) => Some(Err(finding)),
    }
}

/// The file, opened inside its bounds; without bounds it is the user's own word.
pub(super) fn opened(source: &Source, path: &Path, limits: &Limits) -> io::Result<File> {
    match &source.bounds {
        Some(bounds) => open::open(path, bounds, limits),
        None => File::open(path),
    }
}

/// True for a text of blank lines, comments, directives and document marks: kubectl finds no object in it.
fn holds_no_document(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.split(|byte| *byte == b'\n').all(|line| {
        let marked = line.strip_prefix(b"---").or_else(|| line.strip_prefix(b"...")).unwrap_or(line);
        let rest = marked.trim_ascii_start();
        rest.is_empty() || rest.starts_with(b"#") || line.starts_with(b"%")
    })
}

/// The finding for a named file, or standard input, without any document.
fn nothing_in(source: &Source, bytes: &[u8]) -> Finding {
    let name = if source.path.is_none() { "Standard input" } else { &source.shown };
    let what = if bytes.trim_ascii().is_empty() { "is empty" } else { "holds no document" };
    Finding::new(input::NO_MANIFESTS, format!("{name} {what}.")).at(Place::start_of(source.shown.clone()))
}

/// The finding for files that were met in folders when none of them holds a document.
fn nothing_met(files: &[&Source]) -> Option<Finding> {
    let first = files.first()?;
    let message = match files.len() {
        1 => format!("{} holds no document, and it is the only file.", first.shown),
        count => format!("None of the {count} files that were read holds a document; the first is {}.", first.shown),
    };
    Some(Finding::new(input::NO_MANIFESTS, message).at(Place::start_of(first.shown.clone())))
}

/// Reads the file into `buffer`, which only ever grows and is reused for the next file. Unlike `read_to_end` this asks
/// for no metadata: for small manifests that is two of six system calls.
fn read_into<'a>(file: &mut File, limit: u64, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    const CHUNK: usize = 64 << 10;
    let mut length = 0;
    loop {
        if length as u64 > limit {
            return Err(Refused::TooLarge(limit).into());
        }
        if length == buffer.len() {
            buffer.resize((2 * length).max(CHUNK), 0);
        }
        let Some(room) = buffer.get_mut(length..) else { break };
        match file.read(room) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buffer.get(..length).unwrap_or_default())
}

/// Room for bytes, shared by threads.
struct Budget {
    left: AtomicUsize,
}

impl Budget {
    fn new(bytes: usize) -> Budget {
        Budget { left: AtomicUsize::new(bytes) }
    }

    /// Takes `bytes` when they are there.
    fn take(&self, bytes: usize) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}
