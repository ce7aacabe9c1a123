//! What a conversion has found out: told, refused, dropped, relaxed, taken for granted. The one place that knows what
//! `--allow` and `--strict` do to a finding.

use super::{Draft, Options};
use crate::api::ManifestId;
use crate::finding::catalogue::plan::LEFT_WITH_REFUSED;
use crate::finding::{Assumption, Code, Finding, Relaxation, Severity};
use crate::mesh::Input;
use std::collections::{BTreeMap, BTreeSet};

/// Why an old object stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the finding that says why.
    pub because: Code,
    /// The object whose refusal it shares, when the finding is about that one.
    pub with: Option<ManifestId>,
}

/// The book that every part of the conversion writes into.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// `--allow`: findings accepted by name, even where they are wider.
    allow: BTreeSet<Code>,
    /// `--strict`: nothing is relaxed and nothing is taken for granted.
    strict: bool,
    findings: Vec<Finding>,
    inert: BTreeMap<ManifestId, Code>,
    refused: BTreeMap<ManifestId, Refusal>,
    relaxations: BTreeSet<Relaxation>,
    /// Old objects in whose place the default of the whole mesh is written, which no object of its own stated.
    for_mesh: BTreeSet<ManifestId>,
    /// Each with the old objects whose conversion rests on it; none means all.
    assumptions: Vec<(BTreeSet<ManifestId>, Assumption)>,
}

impl Ledger {
    /// An empty book under these options.
    pub fn new(options: &Options) -> Ledger {
        Ledger { allow: options.allow.clone(), strict: options.strict, ..Ledger::default() }
    }

    /// True when the user accepted findings of this code by name.
    pub fn allows(&self, code: Code) -> bool {
        self.allow.contains(&code)
    }

    /// Tells a finding as it is.
    pub fn tell(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Takes back what was told, as far as this holds for it.
    pub fn take_back(&mut self, told: impl Fn(&Finding) -> bool) {
        self.findings.retain(|finding| !told(finding));
    }

    /// Tells a finding; one that refuses and that the user allowed becomes a warning. True when it does not refuse.
    fn weigh(&mut self, finding: Finding) -> bool {
        let allowed = finding.refuses() && self.allows(finding.code);
        let finding = if allowed { finding.severity(Severity::Warning) } else { finding };
        let accepted = !finding.refuses();
        self.tell(finding);
        accepted
    }

    /// Weighs ALL of them: those that refuse and that the user allowed become warnings. True when none refuses.
    pub fn weigh_all(&mut self, findings: impl IntoIterator<Item = Finding>) -> bool {
        // No short cut: every finding is told.
        let refusing = findings.into_iter().filter(|finding| !self.weigh(finding.clone())).count();
        refusing == 0
    }

    /// Refuses old objects for a finding, whatever severity its code has, unless the user allowed it: then it is a
    /// warning, and true says that the caller may go on with its fallback.
    pub fn refuse(&mut self, ids: impl IntoIterator<Item = ManifestId>, finding: Finding) -> bool {
        let because = finding.code;
        let accepted = self.weigh(finding.severity(Severity::Error));
        if !accepted {
            self.leave(ids, because, None);
        }
        accepted
    }

    /// Leaves objects as they are because of a finding that has been told already, about themselves or about the object
    /// `with`. The first reason stands.
    pub fn leave(&mut self, ids: impl IntoIterator<Item = ManifestId>, because: Code, with: Option<ManifestId>) {
        for id in ids {
            let with = with.filter(|with| *with != id);
            self.refused.entry(id).or_insert(Refusal { because, with });
        }
    }

    /// Notes that objects had no effect and become nothing; `code` is that of the finding that says why.
    pub fn inert(&mut self, ids: impl IntoIterator<Item = ManifestId>, code: Code) {
        self.inert.extend(ids.into_iter().map(|id| (id, code)));
    }

    /// Takes back that an object becomes nothing.
    pub fn not_inert(&mut self, id: ManifestId) {
        self.inert.remove(&id);
    }

    /// Notes that an accepted difference was made use of.
    pub fn relax(&mut self, relaxation: Relaxation) {
        self.relaxations.insert(relaxation);
    }

    /// Notes that the default of the whole mesh, which no object of its own stated, is written in the place of this one.
    pub fn stands_for_mesh(&mut self, id: impl IntoIterator<Item = ManifestId>) {
        self.for_mesh.extend(id);
    }

    /// True when the default of the whole mesh is written in the place of this object.
    pub fn is_for_mesh(&self, id: ManifestId) -> bool {
        self.for_mesh.contains(&id)
    }

    /// Takes something for granted for the objects `ids` (none: for all). With `--strict` nothing is: the objects are
    /// refused, and false says so.
    pub fn assume(&mut self, ids: impl IntoIterator<Item = ManifestId>, assumption: Assumption) -> bool {
        let ids: BTreeSet<ManifestId> = ids.into_iter().collect();
        if self.strict {
            let message = format!("{} (`--strict` takes nothing for granted.)", assumption.message);
            let mut finding = Finding::new(assumption.code, message)
                .severity(Severity::Error)
                .direction(assumption.if_false)
                .remedy(format!("Look with `{}`, and add what it shows to the input.", assumption.check));
            finding.object = assumption.object;
            self.findings.push(finding);
            self.leave(ids, assumption.code, None);
            return false;
        }
        match self.assumptions.iter_mut().find(|(_, known)| *known == assumption) {
            Some((known, _)) => known.extend(ids),
            None => self.assumptions.push((ids, assumption)),
        }
        true
    }

    /// Takes over what another book holds.
    pub fn absorb(&mut self, other: Ledger) {
        self.findings.extend(other.findings);
        self.inert.extend(other.inert);
        for (id, refusal) in other.refused {
            self.refused.entry(id).or_insert(refusal);
        }
        self.relaxations.extend(other.relaxations);
        self.for_mesh.extend(other.for_mesh);
        self.assumptions.extend(other.assumptions);
    }

    /// Takes over everything but what was relaxed or taken for granted: the drafts of the other book only log.
    pub fn absorb_dry_run(&mut self, other: Ledger) {
        self.absorb(Ledger { relaxations: BTreeSet::new(), assumptions: Vec::new(), ..other });
    }

    /// Refuses every draft that has a refused contributor, and with it its other contributors, until nothing changes.
    pub fn spread(&mut self, drafts: &mut Vec<Draft>, manifests: &[Input]) {
        loop {
            let is_refused = |id: &ManifestId| self.refused.contains_key(id);
            // Each with the refused object that it would have shared a new one with.
            let mut doomed: BTreeMap<ManifestId, ManifestId> = BTreeMap::new();
            for draft in drafts.iter() {
                let Some(cause) = draft.from.iter().copied().find(is_refused) else { continue };
                let others = draft.from.iter().copied().filter(|id| !is_refused(id));
                doomed.extend(others.map(|id| (id, cause)));
            }
            drafts.retain(|draft| !draft.from.iter().any(is_refused));
            if doomed.is_empty() {
                break;
            }
            for (id, cause) in doomed {
                if let Some(input) = manifests.get(id.0) {
                    let object = input.object();
                    let message =
                        format!("{object} is left as it is, because an object it works together with was refused");
                    let finding = Finding::new(LEFT_WITH_REFUSED, message);
                    self.findings.push(finding.at(input.manifest.place("")).on(object));
                }
                self.leave([id], LEFT_WITH_REFUSED, Some(cause));
            }
        }
        self.inert.retain(|id, _| !self.refused.contains_key(id));
    }

    /// Gives a refusing finding without a place that of the first object that stays because of it (or at all).
    pub fn locate(&mut self, manifests: &[Input]) {
        for finding in self.findings.iter_mut().filter(|finding| finding.place.is_none() && finding.refuses()) {
            let because = self.refused.iter().find(|(_, refusal)| refusal.because == finding.code);
            let stays = because.or(self.refused.iter().next()).and_then(|(id, _)| manifests.get(id.0));
            finding.place = stays.map(|input| input.manifest.place(""));
        }
    }

    /// What there is to tell, in the order in which it was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Old objects that had no effect and become nothing, each with the code of the finding that says why.
    pub fn inert_objects(&self) -> &BTreeMap<ManifestId, Code> {
        &self.inert
    }

    /// Keeps only those inert objects for which this holds.
    pub fn retain_inert(&mut self, keep: impl Fn(&ManifestId) -> bool) {
        self.inert.retain(|id, _| keep(id));
    }

    /// Old objects that stay as they are, each with the reason; an error finding says more.
    pub fn refused(&self) -> &BTreeMap<ManifestId, Refusal> {
        &self.refused
    }

    /// True when the object stays as it is.
    pub fn is_refused(&self, id: ManifestId) -> bool {
        self.refused.contains_key(&id)
    }

    /// Accepted differences that were made use of.
    pub fn relaxations(&self) -> &BTreeSet<Relaxation> {
        &self.relaxations
    }

    /// What the result takes for granted: assumptions on which ANY object rests that is not refused, each once, in order.
    pub fn assumptions(&self) -> Vec<Assumption> {
        let counts = |ids: &BTreeSet<ManifestId>| ids.is_empty() || ids.iter().any(|id| !self.refused.contains_key(id));
        let mut counted: Vec<Assumption> =
            self.assumptions.iter().filter(|(ids, _)| counts(ids)).map(|(_, assumption)| assumption.clone()).collect();
        counted.sort_by(|a, b| a.key().cmp(&b.key()));
        counted.dedup();
        counted
    }

    /// The code of the first finding that refuses, for objects that stay because of it.
    pub fn first_refusal(&self) -> Option<Code> {
        self.findings.iter().find(|finding| finding.refuses()).map(|finding| finding.code)
    }

    /// Takes back everything that was to become nothing, and leaves these objects as they are.
    pub fn leave_everything(&mut self, ids: impl IntoIterator<Item = ManifestId>) {
        self.inert.clear();
        let because = self.first_refusal().unwrap_or(LEFT_WITH_REFUSED);
        self.leave(ids, because, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::catalogue::mapping::UNKNOWN_FIELD;
    use crate::finding::catalogue::plan::PODS_MAY_BE_SHARED;

    fn refusing(code: Code) -> Finding {
        Finding::new(code, "message").severity(Severity::Error)
    }

    #[test]
    fn what_is_allowed_by_name_is_a_warning_whoever_found_it() {
        let options = Options { allow: [UNKNOWN_FIELD].into(), ..Options::default() };
        let mut ledger = Ledger::new(&options);
        assert!(ledger.weigh_all([refusing(UNKNOWN_FIELD)]), "a finding of the mapping");
        assert!(ledger.refuse([ManifestId(0)], refusing(UNKNOWN_FIELD)));
        assert!(!ledger.refuse([ManifestId(1)], refusing(PODS_MAY_BE_SHARED)));
        assert_eq!(ledger.refused().keys().copied().collect::<Vec<_>>(), [ManifestId(1)]);
        let severities: Vec<Severity> = ledger.findings().iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Warning, Severity::Error]);
    }

    #[test]
    fn strict_takes_nothing_for_granted() {
        let given = || Assumption::new(PODS_MAY_BE_SHARED, "nobody else", "kubectl get services");
        let mut strict = Ledger::new(&Options { strict: true, ..Options::default() });
        assert!(!strict.assume([ManifestId(0)], given()));
        assert!(strict.is_refused(ManifestId(0)) && strict.assumptions().is_empty());
        let mut usual = Ledger::new(&Options::default());
        assert!(usual.assume([ManifestId(0)], given()));
        assert_eq!(usual.assumptions().len(), 1);
        usual.leave([ManifestId(0)], PODS_MAY_BE_SHARED, None);
        assert!(usual.assumptions().is_empty(), "what rests on nothing is not taken for granted");
    }
}
