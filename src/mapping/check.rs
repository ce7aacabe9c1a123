//! From the text of a mapping file to rules that can run; everything that is wrong with the file is a located finding.

use super::format::{CopyText, EachText, EntriesText, MappingFile, ReasonText, ReleaseText, RuleText};
use super::rule::{Action, Condition, Each, Entries, Fate, Mapping, Output, Rule};
use super::selector::{Selector, Target};
use crate::finding::catalogue::mapping::{BROKEN_MAPPING, REFUSED_BY_MAPPING, TWO_WRITERS};
use crate::finding::{Code, Finding, Place};
use crate::yaml::{self, Manifest, Stream};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Reads a mapping file. A mapping comes back when nothing is wrong with the file.
pub fn read(path: &str, text: &str) -> (Option<Mapping>, Vec<Finding>) {
    let file = match yaml::typed::<MappingFile>(path, text) {
        Ok(Some(file)) => file.value,
        Ok(None) => return (None, vec![unreadable(Place::start_of(path), "it is empty")]),
        Err(misread) => return (None, vec![unreadable(misread.place, &misread.message)]),
    };
    let mut checker = Checker { path, text, document: OnceCell::new(), findings: Vec::new() };
    let mapping = checker.mapping(file);
    let findings = checker.findings;
    (findings.is_empty().then_some(mapping), findings)
}

/// A file that the types of `format` do not fit.
fn unreadable(place: Place, why: &str) -> Finding {
    Finding::new(BROKEN_MAPPING, format!("The mapping file cannot be used: {}.", why.trim_end_matches('.'))).at(place)
}

/// Checks what the types of `format` cannot say.
struct Checker<'a> {
    path: &'a str,
    text: &'a str,
    /// The file with its places, read when there is a problem to place.
    document: OnceCell<Option<Manifest>>,
    findings: Vec<Finding>,
}

/// Which actions make sense where a rule stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// `rules` of the file: there is nothing to write to.
    Object,
    /// `fields` of an output: an `each` with the target `/-` makes items.
    Output,
    /// `fields` of an `each`.
    Nested,
}

impl Checker<'_> {
    fn place(&self, pointer: &str) -> Place {
        let first = || Stream::parse(self.path, self.text.into()).manifests().into_iter().next();
        let document = self.document.get_or_init(first);
        document.as_ref().map_or_else(|| Place::start_of(self.path), |document| document.place(pointer))
    }

    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        let place = self.place(pointer);
        self.findings.push(Finding::new(BROKEN_MAPPING, message).at(place));
    }

    fn mapping(&mut self, file: MappingFile) -> Mapping {
        for (pointer, text) in
            [("/title", &file.title), ("/from/apiVersion", &file.from.api_version), ("/from/kind", &file.from.kind)]
        {
            if text.trim().is_empty() {
                self.problem(pointer, format!("`{}` is empty.", pointer.trim_start_matches('/').replace('/', ".")));
            }
        }
        let mut ids = BTreeSet::new();
        let mut outputs = Vec::new();
        for (i, output) in file.outputs.into_iter().enumerate() {
            if !ids.insert(output.id.clone()) {
                self.problem(&format!("/outputs/{i}/id"), format!("Two outputs have the id `{}`.", output.id));
            }
            let fields = self.rules(output.fields, &format!("/outputs/{i}/fields"), Level::Output);
            outputs.push(Output { id: output.id, fields });
        }
        let rules = self.rules(file.rules, "/rules", Level::Object);
        Mapping { title: file.title, api_version: file.from.api_version, kind: file.from.kind, outputs, rules }
    }

    fn rules(&mut self, texts: Vec<RuleText>, pointer: &str, level: Level) -> Vec<Rule> {
        let texts = texts.into_iter().enumerate();
        let rules: Vec<Rule> =
            texts.filter_map(|(i, text)| self.rule(text, &format!("{pointer}/{i}"), level)).collect();
        self.one_writer(&rules);
        rules
    }

    fn rule(&mut self, text: RuleText, at: &str, level: Level) -> Option<Rule> {
        let RuleText { copy, each, entries, set, step, consumes, refuse, drop, .. } = text;
        let step_named = step.is_some();
        let mut actions: Vec<Action> = Vec::new();
        actions.extend(copy.map(|copy| self.copy(copy, &format!("{at}/copy"))));
        actions.extend(each.map(|each| self.each(each, &format!("{at}/each"), level)));
        actions.extend(entries.and_then(|entries| self.entries(entries, &format!("{at}/entries"))));
        actions.extend(set.map(Action::Set));
        actions.extend(step.map(|step| Action::Step { step, consumes: consumes.clone() }));
        actions.extend(refuse.and_then(|refuse| {
            let code = self.code(Some(&refuse.code), &format!("{at}/refuse/code"))?;
            Some(Action::Refuse { at: refuse.at, code, because: refuse.because })
        }));
        actions.extend(drop.map(|drop| Action::Drop { at: drop.at, because: drop.because }));
        if step_named == consumes.is_empty() {
            self.problem(at, "`step` and `consumes` belong together: a step says which values it accounts for.");
        }
        let (since, until) =
            (text.since.map_or(0, ReleaseText::minor), text.until.map_or(u16::MAX, ReleaseText::minor));
        if since > until {
            self.problem(&format!("{at}/since"), "`since` is later than `until`, so the rule is for no release.");
        }
        let strict = text.strict.and_then(|strict| self.rule(*strict, &format!("{at}/strict"), Level::Nested));
        let mut actions = actions.into_iter();
        let (action, surplus) = (actions.next(), actions.next().is_some());
        if surplus || (action.is_none() && self.findings.is_empty()) {
            self.problem(
                at,
                "A rule has exactly one of `copy`, `each`, `entries`, `set`, `step`, `refuse` and `drop`.",
            );
        }
        let relaxed = text.relaxation.zip(strict.map(Box::new));
        let rule =
            Rule { at: at.to_owned(), action: action?, http_only: text.transport.is_some(), since, until, relaxed };
        if level == Level::Object && rule.target().is_some() {
            self.problem(at, "A rule about the whole object cannot write; put it into the `fields` of an output.");
        }
        if let (None, true) = (&rule.relaxed, text.relaxation.is_some()) {
            self.problem(&format!("{at}/relaxation"), "A rule with a `relaxation` needs its exact form in `strict`.");
        }
        self.twin(&rule);
        Some(rule)
    }

    /// The usual form and the exact form of a rule read the same values, else one of them leaves something out.
    fn twin(&mut self, rule: &Rule) {
        let Some((_, strict)) = &rule.relaxed else { return };
        match (&rule.action, &strict.action) {
            (Action::Copy(usual), Action::Copy(exact)) if usual.from == exact.from && usual.or == exact.or => {}
            _ => self.problem(&strict.at, "`strict` must be a `copy` of the same values as the rule it belongs to."),
        }
        if strict.relaxed.is_some() {
            self.problem(&strict.at, "The exact form cannot have a relaxation of its own.");
        }
    }

    fn copy(&mut self, copy: CopyText, at: &str) -> Action {
        let plural = copy.from.is_plural() || copy.or.as_ref().is_some_and(Selector::is_plural);
        if plural && !copy.to.append && copy.key.is_none() {
            let message = format!(
                "`{}` can find several values, and `{to}` holds one; append with `{to}/-`.",
                copy.from.text(),
                to = copy.to.text()
            );
            self.problem(&format!("{at}/to"), message);
        }
        self.append_means_condition(&copy.to, copy.key.is_some(), at);
        if copy.negated && copy.key.is_none() {
            self.problem(&format!("{at}/negated"), "`negated` is for conditions: say which `key`.");
        }
        if copy.when.is_some() && copy.default.is_none() {
            self.problem(&format!("{at}/when"), "`when` says when `default` is written, and there is no `default`.");
        }
        Action::Copy(copy)
    }

    fn each(&mut self, each: EachText, at: &str, level: Level) -> Action {
        if !each.to.append {
            self.problem(&format!("{at}/to"), format!("`{}` must be a list: end it with `/-`.", each.to.text()));
        }
        if each.to.names.is_empty() && level != Level::Output {
            self.problem(&format!("{at}/to"), "Only the outermost `each` of an output can make its items with `/-`.");
        }
        let fields = self.rules(each.fields, &format!("{at}/fields"), Level::Nested);
        Action::Each(Each { of: each.of, to: each.to, fields })
    }

    fn entries(&mut self, entries: EntriesText, at: &str) -> Option<Action> {
        let EntriesText { of, matching, to, key, empty, always, form, step, refuse, drop } = entries;
        let only_conditions = key.is_some() || empty.is_some() || always.is_some() || form.is_some();
        if only_conditions && to.is_none() {
            self.problem(at, "`key`, `empty`, `always` and `as` are for entries that become conditions (`to`).");
        }
        let mut fates = Vec::new();
        if let Some(to) = to {
            if !to.is_conditions() {
                self.problem(&format!("{at}/to"), "Entries become conditions, so their target is `/when/-`.");
            }
            fates.push(Fate::Condition(Condition { to, key, empty, always, form }));
        }
        fates.extend(step.map(Fate::Step));
        if let Some(ReasonText { code, because }) = refuse {
            let code = self.code(code.as_deref(), &format!("{at}/refuse/code"))?;
            fates.push(Fate::Refuse(code, because));
        }
        fates.extend(drop.map(|reason| Fate::Drop(reason.because)));
        let mut fates = fates.into_iter();
        match (fates.next(), fates.next()) {
            (Some(fate), None) => Some(Action::Entries(Entries { of, matching, fate })),
            _ => {
                self.problem(at, "`entries` has exactly one of `to`, `step`, `refuse` and `drop`.");
                None
            }
        }
    }

    /// `when` takes conditions and nothing else; conditions go nowhere else.
    fn append_means_condition(&mut self, to: &Target, has_key: bool, at: &str) {
        match (to.is_conditions(), has_key) {
            (true, false) => self.problem(&format!("{at}/to"), "`/when/-` takes conditions: say which `key`."),
            (false, true) => self.problem(&format!("{at}/key"), "A condition goes to `/when/-`."),
            _ => {}
        }
    }

    fn code(&mut self, name: Option<&str>, at: &str) -> Option<Code> {
        let Some(name) = name else { return Some(REFUSED_BY_MAPPING) };
        let code = Code::find(name);
        if code.is_none() {
            self.problem(
                at,
                format!("There is no finding code `{name}`; use one that `meshlift explain` lists, or `{REFUSED_BY_MAPPING}`."),
            );
        }
        code
    }

    /// No two rules of one scope may write to one place, or append to one list: the list would join with OR what the
    /// old object joined with AND. The exception is `when`, whose entries are joined with AND.
    fn one_writer(&mut self, rules: &[Rule]) {
        for (i, second) in rules.iter().enumerate() {
            let clash = rules[..i].iter().filter(|first| first.meets(second)).find_map(|first| {
                let mut pairs = first.targets().flat_map(|a| second.targets().map(move |b| (a, b)));
                pairs.find(|(a, b)| clash(a, b)).map(|(a, _)| (first, a.text().to_owned()))
            });
            let Some((first, target)) = clash else { continue };
            let message = format!("Two rules write to `{target}`, which would turn AND into OR and widen access.");
            let (at, first) = (self.place(&second.at), self.place(&first.at));
            self.findings.push(Finding::new(TWO_WRITERS, message).at(at).related(first, "the first of the two rules"));
        }
    }
}

/// True when a value written to one target replaces, holds or joins a value written to the other.
fn clash(a: &Target, b: &Target) -> bool {
    if a.is_conditions() && b.is_conditions() {
        return false;
    }
    let inside = |inner: &Target, outer: &Target| inner.names.starts_with(&outer.names);
    match a.names.len().cmp(&b.names.len()) {
        std::cmp::Ordering::Less => inside(b, a),
        _ => inside(a, b),
    }
}
