//! The fields of a legacy kind, as the rules of a mapping file name them. Where they come from: `api::legacy::fields`.

use super::selector::{KeyPattern, Part, Selector};
use crate::api::legacy::fields::{Field, Fields, Reader, Shape, Table};

/// The fields of the kinds of one mapping file.
#[derive(Debug)]
pub struct Schema {
    /// What Rust declares.
    pub fields: &'static Fields,
    /// What one new piece is made of: an access rule, a subject, a JWT method.
    pub items: Option<Vec<Part>>,
    /// Every field, and every family of keys of a table.
    pub leaves: Vec<Leaf>,
    /// The tables of keys.
    pub tables: Vec<KeyTable>,
}

/// A field, or a family of keys.
#[derive(Debug)]
pub struct Leaf {
    /// The path from the root; of a family, its pattern is the last part.
    pub parts: Vec<Part>,
    /// True when everything below belongs to it.
    pub deep: bool,
    /// Who decides about it.
    pub reader: Reader,
    /// The table of a family, by its index.
    pub table: Option<usize>,
    /// What the converter makes of it, where it decides.
    pub becomes: &'static str,
}

impl Leaf {
    /// As a mapping file names it.
    pub fn text(&self) -> String {
        text(&self.parts)
    }

    /// The name that people call it by.
    pub fn name(&self) -> &str {
        self.parts
            .iter()
            .rev()
            .find_map(|part| if let Part::Name(name) = part { Some(name.as_str()) } else { None })
            .unwrap_or_default()
    }
}

/// A table of keys.
#[derive(Debug)]
pub struct KeyTable {
    /// What Rust declares.
    pub table: &'static Table,
    /// The path of the map or list.
    pub parts: Vec<Part>,
    /// The families in order, narrow ones first.
    pub families: Vec<(KeyPattern, &'static Field)>,
}

impl KeyTable {
    /// The family that a key belongs to: the first that fits.
    pub fn family(&self, key: &str) -> Option<&'static Field> {
        self.families.iter().find(|(pattern, _)| pattern.fits(key)).map(|(_, field)| *field)
    }

    /// The family of exactly this pattern.
    pub fn named(&self, pattern: &str) -> Option<&'static Field> {
        self.families.iter().find(|(_, field)| field.path == pattern).map(|(_, field)| *field)
    }

    /// True for keys that Istio did not know.
    pub fn is_unknown(&self, family: &Field) -> bool {
        family.path == crate::api::legacy::keys::UNKNOWN
    }

    /// True when the entries are the items of a list.
    pub fn is_list(&self) -> bool {
        self.table.shape == Shape::List
    }
}

/// What a selector names.
#[derive(Debug, Default)]
pub struct Named {
    /// The fields at or below it, by index.
    pub leaves: Vec<usize>,
    /// A table and a key, when it names entries of one that are no whole family.
    pub key: Option<(usize, KeyPattern)>,
}

impl Schema {
    /// The schema of these kinds.
    pub fn new(fields: &'static Fields) -> Schema {
        let leaf = |field: &'static Field| {
            let (path, deep) = field.path.strip_suffix(".**").map_or((field.path, false), |path| (path, true));
            Leaf { parts: parts(path), deep, reader: field.reader, table: None, becomes: field.becomes }
        };
        let mut leaves: Vec<Leaf> = fields.fields.iter().map(leaf).collect();
        let mut tables = Vec::new();
        for (index, table) in fields.tables.iter().enumerate() {
            let path = parts(table.path);
            leaves.extend(table.keys.iter().map(|key| Leaf {
                parts: [path.clone(), vec![Part::Name(key.path.to_owned())]].concat(),
                deep: false,
                reader: key.reader,
                table: Some(index),
                becomes: key.becomes,
            }));
            let families = table.keys.iter().filter_map(|key| Some((key.path.parse().ok()?, key))).collect();
            tables.push(KeyTable { table, parts: path, families });
        }
        Schema { fields, items: fields.items.map(parts), leaves, tables }
    }

    /// What a selector names; nothing when the kinds have no such field.
    pub fn named(&self, selector: &Selector) -> Named {
        let below = |leaf: &&(usize, &Leaf)| leaf.1.parts.starts_with(selector.parts());
        let indexed: Vec<(usize, &Leaf)> = self.leaves.iter().enumerate().collect();
        let leaves: Vec<usize> = indexed.iter().filter(below).map(|(index, _)| *index).collect();
        if !leaves.is_empty() {
            return Named { leaves, key: None };
        }
        let Some((Part::Name(key), path)) = selector.parts().split_last() else { return Named::default() };
        let table = self.tables.iter().position(|table| table.parts == path);
        let key = table.and_then(|table| Some((table, key.parse().ok()?)));
        Named { leaves, key }
    }

    /// The paths that values of an object may have: with the shapes of tables spelled out. True: everything below, too.
    pub fn paths(&self) -> Vec<(Vec<Part>, bool)> {
        let name = |name: &str| Part::Name(name.to_owned());
        let plain = self.leaves.iter().filter(|leaf| leaf.table.is_none());
        let mut paths: Vec<(Vec<Part>, bool)> = plain.map(|leaf| (leaf.parts.clone(), leaf.deep)).collect();
        for table in &self.tables {
            let tails = match table.is_list() {
                true => vec![vec![Part::Any, name("key")], vec![Part::Any, name("values"), Part::Any]],
                false => vec![vec![Part::Any]],
            };
            paths.extend(tails.into_iter().map(|tail| ([table.parts.clone(), tail].concat(), false)));
        }
        paths
    }
}

/// The parts of a declared path: names, each perhaps followed by `[*]`.
fn parts(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for segment in path.split('.') {
        let name = segment.strip_suffix("[*]").unwrap_or(segment);
        parts.push(Part::Name(name.to_owned()));
        if name.len() < segment.len() {
            parts.push(Part::Any);
        }
    }
    parts
}

/// A path as a mapping file writes it.
pub fn text(parts: &[Part]) -> String {
    let mut text = "$".to_owned();
    for part in parts {
        match part {
            Part::Any => text.push_str("[*]"),
            Part::Name(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                text.push('.');
                text.push_str(name);
            }
            Part::Name(name) => text.push_str(&format!("['{name}']")),
        }
    }
    text
}
