//! Exit codes (`inside/design.md` §2): the same for every format.

use crate::finding::catalogue::{self, plan};
use crate::finding::{Code, Direction, Finding, Severity};
use std::collections::BTreeSet;

/// Findings about old objects that meshlift sees but does not edit.
const LEFT_ALONE: [Code; 3] =
    [catalogue::input::TEMPLATED_MANIFEST, catalogue::input::EMBEDDED_MANIFEST, catalogue::input::NOT_READ];

/// What the exit code depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// A file or document could not be read (2).
    pub unreadable: bool,
    /// There was no input at all (5).
    pub no_input: bool,
    /// The proof found a difference that nothing explains, or could not finish (4).
    pub different: bool,
    /// Something was refused (3).
    pub refused: bool,
    /// Access is lost, a finding says so, and the user has not allowed it by name (3).
    pub lossy: bool,
    /// Old objects were left alone because they stand in a template or inside a string, and the user has not allowed
    /// that by name (3): what was skipped must be visible in the exit code.
    pub left_alone: bool,
    /// The settings are not those of the base revision, and that was not accepted (3).
    pub settings_changed: bool,
    /// Something would change (1, where the subcommand asks for it).
    pub pending: bool,
}

impl Exit {
    /// Looks at the findings of a run.
    pub fn of(findings: &[Finding], allowed: &BTreeSet<Code>, files_seen: usize, pending: bool) -> Exit {
        let mut exit = Exit { no_input: files_seen == 0, pending, ..Exit::default() };
        for finding in findings {
            let about_input =
                catalogue::input::CODES.contains(&finding.code) || catalogue::mapping::CODES.contains(&finding.code);
            let about_proof = [
                plan::UNEXPLAINED_DIFFERENCE,
                plan::PODS_MAY_BE_SHARED,
                plan::PROOF_UNDECIDED,
                plan::INTERNAL_ERROR,
                plan::NOT_YAML_AFTER_EDIT,
            ]
            .contains(&finding.code);
            match finding.severity {
                _ if finding.code == catalogue::input::SETTINGS_CHANGED => exit.settings_changed = true,
                Severity::Error if about_input && is_about_reading(finding) => exit.unreadable = true,
                Severity::Error if about_proof => exit.different = true,
                Severity::Error => exit.refused = true,
                Severity::Warning if finding.direction == Direction::Narrower && !allowed.contains(&finding.code) => {
                    exit.lossy = true;
                }
                Severity::Warning if LEFT_ALONE.contains(&finding.code) && !allowed.contains(&finding.code) => {
                    exit.left_alone = true;
                }
                Severity::Warning | Severity::Note => {}
            }
        }
        exit
    }

    /// True when the new objects may be printed. A document that could not be read is no part of either side, so the
    /// others go on (`inside/design.md` §4); a refused one leaves the result incomplete (§1, law 4), and a difference that
    /// nobody can explain is never shown as a result.
    pub fn may_print(self, keep_going: bool) -> bool {
        !self.different && (keep_going || !self.refused)
    }

    /// True when files may be written: all or nothing, unless `--keep-going`. What could not be read counts here,
    /// because nobody knows what it would have become.
    pub fn may_write(self, keep_going: bool) -> bool {
        self.may_print(keep_going) && (keep_going || !self.unreadable)
    }
}

impl Exit {
    /// Why the result is neither printed nor written, and what helps, as part of a sentence.
    pub fn reason_to_withhold(self) -> &'static str {
        if self.different {
            "the proof found a difference that is neither explained nor accepted"
        } else if self.refused {
            "something was refused; `--keep-going` converts the rest"
        } else {
            "something could not be read; `--keep-going` converts the rest"
        }
    }
}

/// True for findings about files and documents; an unknown field or a refused value is about an object that was read.
fn is_about_reading(finding: &Finding) -> bool {
    finding.object.is_none()
}

/// The exit code. Where several apply: 2, 5, 4, 3, 1. `changes_count` says whether pending changes matter.
pub fn exit_code(exit: Exit, changes_count: bool) -> u8 {
    if exit.unreadable {
        2
    } else if exit.no_input {
        5
    } else if exit.different {
        4
    } else if exit.refused || exit.lossy || exit.left_alone || exit.settings_changed {
        3
    } else if exit.pending && changes_count {
        1
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::ObjectRef;

    fn exit(findings: &[Finding]) -> u8 {
        exit_code(Exit::of(findings, &BTreeSet::new(), 1, true), true)
    }

    #[test]
    fn the_worst_code_wins() {
        let broken = Finding::new(catalogue::input::BROKEN_YAML, "broken");
        let unexplained = Finding::new(plan::UNEXPLAINED_DIFFERENCE, "different");
        let refused = Finding::new(plan::LEFT_WITH_REFUSED, "refused").on(ObjectRef::new("Policy", "a", "b"));
        assert_eq!(exit(&[refused.clone(), unexplained.clone(), broken]), 2);
        assert_eq!(exit(&[refused.clone(), unexplained]), 4);
        assert_eq!(exit(&[refused]), 3);
        assert_eq!(exit(&[]), 1);
    }

    #[test]
    fn lost_access_counts_until_it_is_allowed_by_name() {
        let code = plan::PROOF_UNDECIDED;
        let lossy = Finding::new(code, "lossy").severity(Severity::Warning).direction(Direction::Narrower);
        assert_eq!(exit_code(Exit::of(std::slice::from_ref(&lossy), &BTreeSet::new(), 1, false), true), 3);
        assert_eq!(exit_code(Exit::of(&[lossy], &BTreeSet::from([code]), 1, false), true), 0);
    }

    #[test]
    fn no_files_at_all_is_no_input() {
        assert_eq!(exit_code(Exit::of(&[], &BTreeSet::new(), 0, false), false), 5);
    }

    #[test]
    fn a_missing_path_comes_before_no_input() {
        let missing = Finding::new(catalogue::input::BROKEN_YAML, "missing");
        assert_eq!(exit_code(Exit::of(&[missing], &BTreeSet::new(), 0, false), false), 2);
    }
}
