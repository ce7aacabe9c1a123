//! The entries of a mapping by name: looked through where they are few, from an index where they are many.

use super::pointer;
use super::syntax::{Id, Syntax};
use std::collections::BTreeMap;

/// Mappings with more entries than this get an index when somebody asks for an entry.
pub(super) const WIDE: usize = 32;

/// A key and its value.
type Entry = (Id, Id);

/// The keys of one mapping.
#[derive(Debug)]
pub(super) struct Names {
    /// As written.
    exact: BTreeMap<Box<str>, Entry>,
    /// In lowerCamelCase, where that differs or stands for several spellings.
    camel: BTreeMap<Box<str>, Entry>,
    merges: Vec<Id>,
}

impl Names {
    pub fn of(syntax: &Syntax, entries: &[Entry]) -> Names {
        let mut names = Names { exact: BTreeMap::new(), camel: BTreeMap::new(), merges: merges(syntax, entries) };
        for (key, value) in entries.iter().filter(|(key, _)| !syntax.is_merge(*key)) {
            let Some(name) = syntax.key(*key) else { continue };
            // The first entry of a name counts, as it does where they are looked through.
            names.camel.entry(pointer::camel(&name).into()).or_insert((*key, *value));
            names.exact.entry(name.into()).or_insert((*key, *value));
        }
        names
    }

    /// The mapping's own entry of this name, else of another spelling of it.
    pub fn find(&self, name: &str) -> Option<Entry> {
        self.exact.get(name).or_else(|| self.camel.get(&*pointer::camel(name))).copied()
    }

    /// What the merge keys bring in.
    pub fn merges(&self) -> &[Id] {
        &self.merges
    }
}

/// The mapping's own entry of this name, else of another spelling of it, found by looking through all of them.
pub(super) fn find(syntax: &Syntax, entries: &[Entry], name: &str) -> Option<Entry> {
    let own = || entries.iter().filter(|(key, _)| !syntax.is_merge(*key));
    let spelled = own().find(|(key, _)| syntax.key(*key).as_deref() == Some(name));
    let other_spelling = || {
        let wanted = pointer::camel(name);
        own().find(|(key, _)| syntax.key(*key).is_some_and(|key| pointer::camel(&key) == wanted))
    };
    spelled.or_else(other_spelling).copied()
}

/// What the merge keys of a mapping bring in.
pub(super) fn merges(syntax: &Syntax, entries: &[Entry]) -> Vec<Id> {
    entries.iter().filter(|(key, _)| syntax.is_merge(*key)).map(|(_, source)| *source).collect()
}
