//! Every code meshlift can report, with what `meshlift explain` says about it.
//!
//! One file per area. A code is declared once, with its default severity and direction, and is a constant
//! (`catalogue::rbac::UNRESOLVED_SERVICE`), so that a code which is not explained cannot be raised.

pub mod ambient;
pub mod belonging;
pub mod given;
pub mod input;
pub mod jwt;
pub mod mapping;
pub mod mesh;
pub mod mtls;
pub mod plan;
pub mod rbac;
pub mod verify;

use super::{Direction, Severity};
use std::cmp::Ordering;
use std::fmt;

/// What is known about a code.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Kebab-case words that explain themselves.
    pub code: &'static str,
    /// One line, without a full stop.
    pub title: &'static str,
    /// Default severity.
    pub severity: Severity,
    /// Default direction.
    pub direction: Direction,
    /// Why it happens: what the old and the new API do.
    pub cause: &'static str,
    /// What could go wrong if it were ignored.
    pub risk: &'static str,
    /// What to do, in one sentence.
    pub remedy: &'static str,
}

/// A finding's code. Compares and prints as its kebab-case name.
#[derive(Clone, Copy)]
pub struct Code(&'static Entry);

impl Code {
    /// Wraps a catalogue entry; used by the [`codes!`] tables only.
    pub const fn of(entry: &'static Entry) -> Code {
        Code(entry)
    }

    /// The kebab-case name.
    pub fn name(self) -> &'static str {
        self.0.code
    }

    /// What is known about it.
    pub fn entry(self) -> &'static Entry {
        self.0
    }

    /// Finds a code by its name.
    pub fn find(name: &str) -> Option<Code> {
        all().find(|code| code.name() == name)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.name() == other.name()
    }
}
impl Eq for Code {}
impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Code) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Code {
    fn cmp(&self, other: &Code) -> Ordering {
        self.name().cmp(other.name())
    }
}
impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Declares the codes of one area: constants, and the slice `CODES` that holds them all.
macro_rules! codes {
    ($($constant:ident = $code:literal, $severity:ident, $direction:ident {
        title: $title:literal, cause: $cause:literal, risk: $risk:literal, remedy: $remedy:literal $(,)?
    })*) => {
        $(
            #[doc = $title]
            pub const $constant: $crate::finding::Code = $crate::finding::Code::of(&$crate::finding::Entry {
                code: $code,
                title: $title,
                severity: $crate::finding::Severity::$severity,
                direction: $crate::finding::Direction::$direction,
                cause: $cause,
                risk: $risk,
                remedy: $remedy,
            });
        )*
        /// Every code of this area.
        pub const CODES: &[$crate::finding::Code] = &[$($constant),*];
    };
}
pub(crate) use codes;

/// The areas in the order of `meshlift explain`, each with what its codes are about.
pub const AREAS: &[(&str, &[Code])] = &[
    ("Files and documents", input::CODES),
    ("Services, workloads and namespaces", mesh::CODES),
    ("What belongs together", belonging::CODES),
    ("Fields and mappings", mapping::CODES),
    ("Plan", plan::CODES),
    ("Mutual TLS", mtls::CODES),
    ("JSON Web Tokens", jwt::CODES),
    ("Ambient meshes", ambient::CODES),
    ("Roles and bindings", rbac::CODES),
    ("Taken for granted", given::CODES),
    ("Comparison of access", verify::CODES),
];

/// Every code, area by area.
pub fn all() -> impl Iterator<Item = Code> {
    AREAS.iter().flat_map(|(_, codes)| codes.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_unique_kebab_case_and_explained() {
        let mut seen = BTreeSet::new();
        for code in all() {
            let entry = code.entry();
            assert!(seen.insert(entry.code), "{} is declared twice", entry.code);
            assert!(
                entry.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{} is not kebab-case",
                entry.code
            );
            for (what, text) in
                [("title", entry.title), ("cause", entry.cause), ("risk", entry.risk), ("remedy", entry.remedy)]
            {
                assert!(text.len() > 10, "{}: {what} says nothing", entry.code);
            }
            assert!(!entry.title.ends_with('.'), "{}: a title is not a sentence", entry.code);
            assert!(entry.remedy.ends_with('.'), "{}: a remedy is a sentence", entry.code);
            assert!(entry.cause.ends_with('.') && entry.risk.ends_with('.'), "{}: sentences end", entry.code);
        }
    }

    #[test]
    fn codes_are_found_by_name() {
        for code in all() {
            assert_eq!(Code::find(code.name()), Some(code));
        }
        assert_eq!(Code::find("no-such-code"), None);
    }
}
