//! From the text of a mapping file to rules that can run; everything that is wrong with the file is a located finding.

mod keys;

use super::claims::Claims;
use super::format::{CopyText, DropText, FormText, MappingFile, RefuseText, RuleText, SetText};
use super::rule::{Action, Mapping, Rule, Spot};
use super::schema::{Leaf, Named, Schema};
use super::selector::{Part, Selector, Target};
use super::suggest::nearest;
use crate::api::legacy::fields::{self, Fields, Reader};
use crate::finding::catalogue::mapping::{BROKEN_MAPPING, NO_RULE, REFUSED_BY_MAPPING, TWO_WRITERS};
use crate::finding::{Code, Finding, Place};
use crate::yaml::{self, Typed};

/// Reads a mapping file. A mapping comes back when nothing is wrong with the file.
pub fn read(path: &str, text: &str) -> (Option<Mapping>, Vec<Finding>) {
    let file = match yaml::typed::<MappingFile>(path, text) {
        Ok(Some(file)) => file,
        Ok(None) => return (None, vec![unreadable(Place::start_of(path), "it is empty")]),
        Err(misread) => return (None, vec![unreadable(misread.place, &misread.message)]),
    };
    let mut checker = Checker { file: &file, findings: Vec::new() };
    let mapping = checker.mapping();
    let findings = checker.findings;
    (mapping.filter(|_| findings.is_empty()), findings)
}

/// A file that the types of `format` do not fit.
fn unreadable(place: Place, why: &str) -> Finding {
    Finding::new(BROKEN_MAPPING, format!("The mapping file cannot be used: {}.", why.trim_end_matches('.'))).at(place)
}

/// Checks what the types of `format` cannot say.
struct Checker<'a> {
    file: &'a Typed<MappingFile>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        let place = self.file.place(pointer);
        self.findings.push(Finding::new(BROKEN_MAPPING, message).at(place));
    }

    fn mapping(&mut self) -> Option<Mapping> {
        let file = &self.file.value;
        if file.title.trim().is_empty() {
            self.problem("/title", "`title` is empty.");
        }
        let schema = Schema::new(self.kinds()?);
        let mut claims = Claims::new(&schema);
        let mut rules = Vec::new();
        for (index, text) in file.rules.iter().enumerate() {
            let at = format!("/rules/{index}");
            let action = self.action(text, &at, &schema, &mut claims);
            rules.extend(action.map(|action| Rule { at, action }));
        }
        let mut handled = Vec::new();
        for (index, selector) in file.handled_in_rust.iter().enumerate() {
            let at = format!("/handled-in-rust/{index}");
            self.handled(selector, &at, &schema, &mut claims);
            handled.push((selector.clone(), at));
        }
        self.one_writer(&rules);
        for leaf in claims.unmentioned() {
            let message = format!("No rule of this file says what becomes of `{}`.", leaf.text());
            let at = self.file.place("/rules");
            self.findings.push(Finding::new(NO_RULE, message).at(at));
        }
        Some(Mapping {
            title: file.title.clone(),
            api_version: file.from.api_version.clone(),
            kinds: file.from.kinds.clone(),
            reference: file.reference.clone(),
            schema,
            rules,
            handled,
        })
    }

    /// The schema that ALL kinds of the file share.
    fn kinds(&mut self) -> Option<&'static Fields> {
        let from = &self.file.value.from;
        let mut shared: Option<&'static Fields> = None;
        if from.kinds.is_empty() {
            self.problem("/from/kinds", "`kinds` is empty, so the mapping is for nothing.");
        }
        for (index, kind) in from.kinds.iter().enumerate() {
            let at = format!("/from/kinds/{index}");
            let Some(fields) = fields::of(&from.api_version, kind) else {
                let known = fields::ALL.iter().flat_map(|fields| fields.kinds).copied();
                let meant = nearest(kind, known).map(|meant| format!(" Did you mean `{meant}`?")).unwrap_or_default();
                let message = format!("meshlift converts no kind {kind} of {}.{meant}", from.api_version);
                self.problem(&at, message);
                return None;
            };
            if shared.is_some_and(|shared| !std::ptr::eq(shared, fields)) {
                self.problem(
                    &at,
                    format!("{kind} has other fields than the kinds before, so it needs a file of its own."),
                );
            }
            shared = shared.or(Some(fields));
        }
        shared
    }

    /// What a selector names, when that exists.
    fn named(&mut self, selector: &Selector, at: &str, schema: &Schema) -> Option<Named> {
        let named = schema.named(selector);
        if !named.leaves.is_empty() || named.key.is_some() {
            return Some(named);
        }
        let known: Vec<String> = schema.leaves.iter().map(Leaf::text).collect();
        let meant = nearest(selector.text(), known.iter().map(String::as_str));
        let meant = meant.map(|meant| format!(" Did you mean `{meant}`?")).unwrap_or_default();
        let kind = self.file.value.from.kinds.first().cloned().unwrap_or_default();
        self.problem(at, format!("A {kind} has no field `{}`.{meant}", selector.text()));
        None
    }

    fn action(&mut self, text: &RuleText, at: &str, schema: &Schema, claims: &mut Claims<'_>) -> Option<Action> {
        match text {
            RuleText::Copy(copy) => self.copy(copy, &format!("{at}/copy"), schema, claims),
            RuleText::Entries(entries) => self.entries(entries, &format!("{at}/entries"), schema, claims),
            RuleText::Set(set) => self.set(set, &format!("{at}/set"), schema),
            RuleText::Refuse(refuse) => self.refuse(refuse, &format!("{at}/refuse"), schema, claims),
            RuleText::Drop(drop) => self.drop(drop, &format!("{at}/drop"), schema, claims),
        }
    }

    /// Claims fields for one decision; each has only one.
    fn claim(&mut self, leaves: &[usize], at: &str, claims: &mut Claims<'_>) {
        for (leaf, first) in claims.claim(leaves, at) {
            let message = format!("Another rule says already what becomes of `{}`.", leaf.text());
            let (place, first) = (self.file.place(at), self.file.place(&first));
            self.findings.push(Finding::new(BROKEN_MAPPING, message).at(place).related(first, "the first rule"));
        }
    }

    fn copy(&mut self, copy: &CopyText, at: &str, schema: &Schema, claims: &mut Claims<'_>) -> Option<Action> {
        let sources = [(Some(&copy.from), format!("{at}/from")), (copy.or.as_ref(), format!("{at}/or"))];
        for (selector, at) in sources {
            let Some(selector) = selector else { continue };
            let named = self.named(selector, &at, schema)?;
            let whole = named.leaves.iter().filter_map(|index| schema.leaves.get(*index));
            for leaf in whole {
                match leaf.reader {
                    _ if leaf.parts != selector.parts() => {
                        self.problem(&at, format!("`{}` is not one field: name `{}`.", selector.text(), leaf.text()));
                        return None;
                    }
                    Reader::Mapping => {}
                    Reader::Rust => self.problem(&at, read_by_rust(leaf)),
                    Reader::Nobody => {
                        self.problem(&at, format!("`{}` never had an effect: drop it.", leaf.text()));
                    }
                }
            }
            if named.key.is_some() {
                self.problem(&at, "Single keys are for `entries`.");
            }
            self.claim(&named.leaves, &at, claims);
        }
        self.target(&copy.to, at, schema);
        match (copy.to.is_conditions(), &copy.key) {
            (true, None) => self.problem(&format!("{at}/to"), "`/when/-` takes conditions: say which `key`."),
            (false, Some(_)) => self.problem(&format!("{at}/key"), "A condition goes to `/when/-`."),
            _ => {}
        }
        if !copy.to.append && copy.from.parts().last() == Some(&Part::Any) {
            let message = format!("`{}` finds several values, and `{}` holds one.", copy.from.text(), copy.to.text());
            self.problem(&format!("{at}/to"), message);
        }
        let of_texts = copy.from.parts().last() == Some(&Part::Any) && copy.form != Some(FormText::Text);
        if copy.empty.is_some() && !of_texts {
            self.problem(&format!("{at}/empty"), "`empty` is for lists of texts: one text that is empty is absent.");
        }
        if copy.relaxation.is_some() != copy.exact.is_some() || (copy.exact.is_some() && copy.key.is_some()) {
            self.problem(at, "`relaxation` and `exact` belong together, and to a copy that makes no condition itself.");
        }
        Some(Action::Copy(copy.clone()))
    }

    fn set(&mut self, set: &SetText, at: &str, schema: &Schema) -> Option<Action> {
        self.target(&set.to, at, schema);
        if set.to.append {
            self.problem(&format!("{at}/to"), "A constant goes to one place, not into a list.");
        }
        Some(Action::Set(set.clone()))
    }

    fn refuse(&mut self, text: &RefuseText, at: &str, schema: &Schema, claims: &mut Claims<'_>) -> Option<Action> {
        let named = self.named(&text.at, &format!("{at}/at"), schema)?;
        let code = match text.code.as_deref() {
            None => REFUSED_BY_MAPPING,
            Some(name) => match Code::find(name) {
                Some(code) => code,
                None => {
                    let message = format!(
                        "There is no finding code `{name}`; use one that `meshlift explain` lists, or leave `code` out."
                    );
                    self.problem(&format!("{at}/code"), message);
                    return None;
                }
            },
        };
        claims.mention(&named.leaves);
        Some(Action::Refuse { at: spot(&text.at, named, schema), code, because: text.because.clone() })
    }

    fn drop(&mut self, text: &DropText, at: &str, schema: &Schema, claims: &mut Claims<'_>) -> Option<Action> {
        let place = format!("{at}/at");
        let named = self.named(&text.at, &place, schema)?;
        for leaf in named.leaves.iter().filter_map(|index| schema.leaves.get(*index)) {
            match leaf.reader {
                Reader::Nobody => {}
                Reader::Rust => {
                    let message =
                        format!("`{}` cannot be dropped, because Rust reads it; it can be refused.", leaf.text());
                    self.problem(&place, message);
                }
                Reader::Mapping => {
                    let message = format!(
                        "`{}` cannot be dropped, because it says who has access; it can be refused.",
                        leaf.text()
                    );
                    self.problem(&place, message);
                }
            }
        }
        if let Some((table, key)) = &named.key {
            let table = schema.tables.get(*table);
            let ignored = table.is_some_and(|table| {
                let family = table.family(key.text());
                table.table.unknown_keys_were_ignored
                    && key.is_one_key()
                    && family.is_some_and(|family| table.is_unknown(family))
            });
            if !ignored {
                let message =
                    format!("`{}` cannot be dropped, because Istio did not ignore it; it can be refused.", key.text());
                self.problem(&place, message);
            }
        }
        self.claim(&named.leaves, &place, claims);
        if let Some((table, key)) = &named.key {
            self.claim_key(*table, key.text(), &place, claims);
        }
        Some(Action::Drop { at: spot(&text.at, named, schema), because: text.because.clone() })
    }

    fn handled(&mut self, selector: &Selector, at: &str, schema: &Schema, claims: &mut Claims<'_>) {
        let Some(named) = self.named(selector, at, schema) else { return };
        for leaf in named.leaves.iter().filter_map(|index| schema.leaves.get(*index)) {
            match leaf.reader {
                Reader::Rust => {}
                Reader::Mapping => {
                    self.problem(
                        at,
                        format!("Rust does not read `{}`: say in a rule what becomes of it.", leaf.text()),
                    );
                }
                Reader::Nobody => {
                    self.problem(
                        at,
                        format!("Rust does not read `{}`: it never had an effect, so drop it.", leaf.text()),
                    );
                }
            }
        }
        if let Some((_, key)) = &named.key {
            self.problem(at, format!("Rust knows no family of keys `{}`.", key.text()));
        }
        self.claim(&named.leaves, at, claims);
    }

    /// A rule writes where the converter looks.
    fn target(&mut self, to: &Target, at: &str, schema: &Schema) {
        let known = schema.fields.targets;
        if !known.contains(&to.text()) {
            let there_are = match known {
                [] => "objects of this kind have none".to_owned(),
                _ => format!("there are {}", known.join(", ")),
            };
            self.problem(&format!("{at}/to"), format!("`{}` is no place that is read; {there_are}.", to.text()));
        }
    }

    /// No two rules may write to one place, or append to one list: the list would join with OR what the old object joined
    /// with AND. The exception is `when`, whose entries are joined with AND.
    fn one_writer(&mut self, rules: &[Rule]) {
        for (i, second) in rules.iter().enumerate() {
            let Some(target) = second.target().filter(|target| !target.is_conditions()) else { continue };
            let Some(first) = rules.iter().take(i).find(|first| first.target() == Some(target)) else { continue };
            let message =
                format!("Two rules write to `{}`, which would turn AND into OR and widen access.", target.text());
            let (at, first) = (self.file.place(&second.at), self.file.place(&first.at));
            self.findings.push(Finding::new(TWO_WRITERS, message).at(at).related(first, "the first of the two rules"));
        }
    }
}

fn read_by_rust(leaf: &Leaf) -> String {
    format!("Rust reads `{}` itself: list it in `handled-in-rust`.", leaf.text())
}

/// A field, entries with a key, or entries with keys of a family.
fn spot(selector: &Selector, named: Named, schema: &Schema) -> Spot {
    if let Some((table, key)) = named.key {
        return Spot::Key(table, key);
    }
    let family = || {
        let [only] = named.leaves.as_slice() else { return None };
        let leaf = schema.leaves.get(*only)?;
        let table = leaf.table?;
        Some((table, schema.tables.get(table)?.named(leaf.name())?))
    };
    match family() {
        Some((table, family)) => Spot::Family(table, family.path),
        None => Spot::Field(selector.clone()),
    }
}
