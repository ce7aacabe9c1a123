//! What a node means: the JSON that kubectl makes of it, with merge keys, and with budgets for what aliases expand to.

use super::scalar;
use super::syntax::{Id, Kind, MAX_DEPTH, Style, Syntax, Tag};
use crate::finding::catalogue::input;
use crate::finding::{Code, Finding, Span};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Bytes that the aliases of one document may expand to; a node counts as [`NODE_COST`] plus its text.
const ALIAS_BUDGET: usize = 16 << 20;
const NODE_COST: usize = 64;

/// The value of a node, or why it has none.
pub(super) fn value_of(syntax: &Syntax, id: Id) -> Result<Value, Box<Finding>> {
    Reader { syntax, words: Words::Kubectl, budget: ALIAS_BUDGET, alias: None }.read(id, 0)
}

/// The value of a node of a file that only meshlift reads. There `on`, `no` and `y` are words, as YAML 1.2 has it: a
/// setting that kubectl never sees has no reason to mean something else than it says.
pub(super) fn value_for_meshlift(syntax: &Syntax, id: Id) -> Result<Value, Box<Finding>> {
    Reader { syntax, words: Words::Plain, budget: ALIAS_BUDGET, alias: None }.read(id, 0)
}

/// What `on`, `no` and their like are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Booleans.
    Kubectl,
    /// Words; `true` and `false` are the booleans.
    Plain,
}

impl Words {
    fn resolve(self, text: &str) -> Value {
        match super::resolve_plain(text) {
            Value::Bool(_) if self == Words::Plain && !matches!(text, "true" | "false") => text.into(),
            value => value,
        }
    }
}

struct Reader<'s> {
    syntax: &'s Syntax,
    words: Words,
    /// What is left of [`ALIAS_BUDGET`].
    budget: usize,
    /// The outermost alias being expanded.
    alias: Option<Span>,
}

impl<'s> Reader<'s> {
    fn problem(&self, code: Code, span: Span, message: impl Into<String>) -> Box<Finding> {
        Box::new(Finding::new(code, message).at(self.syntax.place(span)))
    }

    fn read(&mut self, id: Id, depth: usize) -> Result<Value, Box<Finding>> {
        let Some(node) = self.syntax.node(id) else {
            return Err(self.problem(input::BROKEN_YAML, Span::default(), "An alias names nothing."));
        };
        if depth > MAX_DEPTH {
            let message = format!("Collections nest more than {MAX_DEPTH} levels deep here.");
            return Err(self.problem(input::NESTING_TOO_DEEP, node.span, message));
        }
        if let Some(alias) = self.alias {
            let size =
                NODE_COST + (node.span.end - node.span.start) * usize::from(matches!(node.kind, Kind::Scalar { .. }));
            self.budget = self.budget.checked_sub(size).ok_or_else(|| {
                self.problem(input::ALIAS_BOMB, alias, "The aliases of this document expand to more than 16 MiB.")
            })?;
        }
        match &node.kind {
            Kind::Alias(target) => self.read_alias(node.span, *target, depth),
            Kind::Seq { items, .. } => {
                items.iter().map(|item| self.read(*item, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
            }
            Kind::Map { entries, .. } => self.read_map(entries, depth).map(Value::Object),
            Kind::Scalar { text, style, tag } => {
                let text = self.syntax.scalar(text);
                match tag {
                    Tag::Absent if *style == Style::Plain && scalar::is_not_json(text) => Err(self.problem(
                        input::BROKEN_YAML,
                        node.span,
                        format!("`{text}` is a number without a JSON form, which Kubernetes cannot store."),
                    )),
                    Tag::Absent if *style == Style::Plain => Ok(self.words.resolve(text)),
                    Tag::Absent | Tag::Other => Ok(text.into()),
                    Tag::Core(name) => scalar::resolve_tagged(name, text)
                        .map_err(|reason| self.problem(input::BROKEN_YAML, node.span, format!("Here {reason}."))),
                }
            }
        }
    }

    fn read_alias(&mut self, span: Span, target: Id, depth: usize) -> Result<Value, Box<Finding>> {
        let around = self.syntax.span(target);
        if around.start <= span.start && span.end <= around.end {
            return Err(self.problem(input::BROKEN_YAML, span, "This alias stands inside the very node it names."));
        }
        let outermost = self.alias.is_none();
        if outermost {
            self.alias = Some(span);
        }
        let value = self.read(target, depth + 1);
        if outermost {
            self.alias = None;
        }
        value
    }

    fn read_map(&mut self, entries: &[(Id, Id)], depth: usize) -> Result<Map<String, Value>, Box<Finding>> {
        let mut map = Map::with_capacity(entries.len());
        let mut merged = BTreeSet::new();
        for (key, value) in entries {
            if self.syntax.is_merge(*key) {
                self.merge(*value, depth, &mut map, &mut merged)?;
                continue;
            }
            let Some(name) = self.name(*key) else {
                let message = "This key is neither text nor a number nor a boolean, so it cannot be a key in JSON.";
                return Err(self.problem(input::BROKEN_YAML, self.syntax.span(*key), message));
            };
            if map.contains_key(name.as_ref()) && !merged.remove(name.as_ref()) {
                return Err(self.duplicate(entries, *key, &name));
            }
            let value = self.read(*value, depth + 1)?;
            map.insert(name.into_owned(), value);
        }
        Ok(map)
    }

    /// A key's name in the JSON.
    fn name(&self, key: Id) -> Option<Cow<'s, str>> {
        match (&self.syntax.target(key)?.kind, self.words) {
            (Kind::Scalar { text, style: Style::Plain, tag: Tag::Absent }, Words::Plain) => {
                Some(Cow::Borrowed(self.syntax.scalar(text)))
            }
            _ => self.syntax.key(key),
        }
    }

    /// goyaml.v2 merges where it stands: over the keys above it, and under the keys below it. In a list of mappings
    /// the earlier ones win.
    fn merge(
        &mut self,
        id: Id,
        depth: usize,
        map: &mut Map<String, Value>,
        merged: &mut BTreeSet<String>,
    ) -> Result<(), Box<Finding>> {
        let sources = match self.read(id, depth + 1)? {
            Value::Array(list) => list,
            other => vec![other],
        };
        for source in sources.into_iter().rev() {
            let Value::Object(source) = source else {
                let message = "The merge key `<<` wants a mapping or a list of mappings.";
                return Err(self.problem(input::BROKEN_YAML, self.syntax.span(id), message));
            };
            for (key, value) in source {
                merged.insert(key.clone());
                map.insert(key, value);
            }
        }
        Ok(())
    }

    fn duplicate(&self, entries: &[(Id, Id)], second: Id, name: &str) -> Box<Finding> {
        let first = entries.iter().map(|(key, _)| *key).find(|key| self.name(*key).as_deref() == Some(name));
        let message = format!("The key `{name}` is written twice in one mapping.");
        let finding = self.problem(input::DUPLICATE_KEY, self.syntax.span(second), message);
        match first {
            Some(first) if first != second => {
                Box::new(finding.related(self.syntax.place(self.syntax.span(first)), "first written here"))
            }
            _ => finding,
        }
    }
}
