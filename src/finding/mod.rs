//! Findings: what meshlift has to tell its user, each with a place, a code, a direction and a remedy.
//!
//! The core never fails on what a user wrote; it returns findings. This module knows what a finding is and which
//! codes exist ([`catalogue`]); it does not know how one is shown (`report`) or what raises it.

mod assumption;
pub mod catalogue;
mod hidden;
pub mod namespace;
mod relaxation;

use std::fmt;
use std::sync::Arc;

pub use assumption::Assumption;
pub use catalogue::{Code, Entry};
pub use hidden::is_hidden;
pub use relaxation::Relaxation;

/// A place in a user's file: what an editor needs to jump there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The path as the user would write it (relative to where meshlift runs, or `-` for standard input).
    pub file: Arc<str>,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// The bytes meant, in the file's text. May be empty.
    pub span: Span,
}

/// A range of bytes in a file's text; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes as a range, for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Span {
        Span { start: range.start, end: range.end }
    }
}

impl Place {
    /// The start of a file, for a finding about the file as a whole.
    pub fn start_of(file: impl Into<Arc<str>>) -> Place {
        Place { file: file.into(), line: 1, column: 1, span: Span::default() }
    }

    /// A place in objects that were made by a test or by meshlift itself, not read from a file.
    pub fn nowhere() -> Place {
        Place::start_of("<generated>")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A Kubernetes object by name, as `kubectl` would print it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// For example `ServiceRole`.
    pub kind: String,
    /// The effective namespace; empty for cluster-scoped kinds, and perhaps one that nobody named ([`namespace`]).
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectRef {
    /// Names an object; `namespace` is empty for cluster-scoped kinds.
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> ObjectRef {
        ObjectRef { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match namespace::written(&self.namespace) {
            "" => write!(f, "{} {}", self.kind, self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// How much a finding matters. `Error` means the object was refused: it is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The object was refused.
    Error,
    /// The object was converted, and a person should look at the difference.
    Warning,
    /// Worth knowing; nothing to do.
    Note,
}

impl Severity {
    /// The word used in every output format.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// How the result compares with what the old mesh enforced, as far as this finding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The new objects allow something the old ones denied (fails open).
    Wider,
    /// The new objects deny something the old ones allowed (fails closed).
    Narrower,
    /// No difference in access.
    None,
}

impl Direction {
    /// The word used in every output format.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Wider => "wider",
            Direction::Narrower => "narrower",
            Direction::None => "none",
        }
    }
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of thing; `meshlift explain CODE` tells more.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What it does to access.
    pub direction: Direction,
    /// Where. `None` only for findings about the run as a whole.
    pub place: Option<Place>,
    /// Which object it is about.
    pub object: Option<ObjectRef>,
    /// What happened, in one sentence that names the values involved.
    pub message: String,
    /// What the user can do, in one sentence; may hold a command line.
    pub remedy: String,
    /// Further places, each with a few words saying what it shows.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// A finding with the severity, direction and remedy that the catalogue gives its code.
    pub fn new(code: Code, message: impl Into<String>) -> Finding {
        let entry = code.entry();
        Finding {
            code,
            severity: entry.severity,
            direction: entry.direction,
            place: None,
            object: None,
            message: namespace::readable(message.into()),
            remedy: entry.remedy.to_owned(),
            related: Vec::new(),
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Finding {
        self.place = Some(place);
        self
    }

    /// Sets the object.
    #[must_use]
    pub fn on(mut self, object: ObjectRef) -> Finding {
        self.object = Some(object);
        self
    }

    /// Replaces the catalogue's general remedy by one that fits the case.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Finding {
        self.remedy = namespace::readable(remedy.into());
        self
    }

    /// Replaces the catalogue's severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }

    /// Replaces the catalogue's direction.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Finding {
        self.direction = direction;
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn related(mut self, place: Place, text: impl Into<String>) -> Finding {
        self.related.push((place, namespace::readable(text.into())));
        self
    }

    /// True when the finding refuses its object.
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The order in which findings are shown: by place, then by code and text; never by when they were raised.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| (&a.place, a.code, &a.message, &a.object).cmp(&(&b.place, b.code, &b.message, &b.object)));
    findings.dedup();
}
