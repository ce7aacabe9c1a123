//! What goes wrong while one manifest is decoded and validated.

use crate::finding::{Code, Finding, ObjectRef, Place};

/// Collects the findings of one object, so that a user sees all of its mistakes at once.
pub(crate) struct Problems {
    object: ObjectRef,
    /// For values that do not decode.
    undecodable: Code,
    /// For values that decode but that validation refuses.
    invalid: Code,
    failed: bool,
    findings: Vec<Finding>,
}

impl Problems {
    /// No problems yet with `object`; the codes are for values that do not decode and for those that are refused.
    pub(crate) fn new(object: ObjectRef, undecodable: Code, invalid: Code) -> Problems {
        Problems { object, undecodable, invalid, failed: false, findings: Vec::new() }
    }

    /// A value that does not decode: the object is out.
    pub(crate) fn undecodable(&mut self, place: Place, message: impl Into<String>) {
        self.fail(self.undecodable, place, message);
    }

    /// A value that validation refuses: the object is out.
    pub(crate) fn invalid(&mut self, place: Place, message: impl Into<String>) {
        self.fail(self.invalid, place, message);
    }

    /// Something else that puts the object out.
    pub(crate) fn out(&mut self, finding: Finding) {
        self.failed = true;
        self.findings.push(finding.on(self.object.clone()));
    }

    fn fail(&mut self, code: Code, place: Place, message: impl Into<String>) {
        self.failed = true;
        self.note(code, place, message);
    }

    /// Something worth telling that does not put the object out.
    pub(crate) fn note(&mut self, code: Code, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, message).at(place).on(self.object.clone()));
    }

    /// True when the object is out.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// The findings.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
