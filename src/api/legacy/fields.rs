//! Which fields the old kinds have in Istio's schema, and who decides what becomes of each: the one place where Rust says
//! what it reads by itself, so that a mapping file cannot claim otherwise (`inside/design.md` §6.1).
//!
//! A path names fields in lowerCamelCase from the root; `[*]` stands for every item of a list, and `.**` at its end for
//! everything below. A test holds these tables against what the decoder reads (`mesh::decode`).

/// Who decides what becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The mapping file: it says where the value goes.
    Mapping,
    /// The converter, which takes the value from the decoded object; a mapping file can only refuse the field.
    Rust,
    /// Nobody: the field never had an effect.
    Nobody,
}

/// A field, or in a [`Table`] a family of keys.
#[derive(Debug)]
pub struct Field {
    /// Its path; for a key its pattern: `*` is one or more characters other than brackets, `**` any text.
    pub path: &'static str,
    /// Who decides.
    pub reader: Reader,
    /// What the converter makes of it, as people say it, where it decides; empty for the others.
    pub becomes: &'static str,
}

/// How the entries of a [`Table`] stand in the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A map from keys to one text each.
    Map,
    /// A list of `{key, values}`.
    List,
}

/// A map or list whose keys decide what an entry means.
#[derive(Debug)]
pub struct Table {
    /// Where.
    pub path: &'static str,
    /// A map or a list.
    pub shape: Shape,
    /// The families of keys; a key belongs to the first that fits. The last one is `**`: keys that Istio did not know.
    pub keys: &'static [Field],
    /// True when Istio ignored an entry with a key that it did not know; false when such an entry matched nothing.
    pub unknown_keys_were_ignored: bool,
}

/// The fields of some kinds that share one schema.
#[derive(Debug)]
pub struct Fields {
    /// The kinds.
    pub kinds: &'static [&'static str],
    /// The API version of all of them.
    pub api_version: &'static str,
    /// What the mapping makes one new piece of: an access rule, a subject, a JWT method.
    pub items: Option<&'static str>,
    /// Where such a piece stands in the new object, as people write it before the names of its fields; empty where those are
    /// clear by themselves.
    pub stands_in: &'static str,
    /// Every field that is in no table.
    pub fields: &'static [Field],
    /// The tables of keys.
    pub tables: &'static [Table],
    /// Where the mapping may write: pointers into the new piece that the converter takes over.
    pub targets: &'static [&'static str],
}

/// A field whose value goes where the mapping file says.
pub(super) const fn mapped(path: &'static str) -> Field {
    Field { path, reader: Reader::Mapping, becomes: "" }
}

/// A field that the converter reads by itself, and what that comes to.
pub(super) const fn rust(path: &'static str, becomes: &'static str) -> Field {
    Field { path, reader: Reader::Rust, becomes }
}

/// A field that no release of Istio acted on.
pub(super) const fn unread(path: &'static str) -> Field {
    Field { path, reader: Reader::Nobody, becomes: "" }
}

/// The schemas of all old kinds.
pub const ALL: [&Fields; 4] = [
    &super::rbac::CONFIG_FIELDS,
    &super::authentication::POLICY_FIELDS,
    &super::rbac::ROLE_FIELDS,
    &super::rbac::BINDING_FIELDS,
];

/// The schema of a kind.
pub fn of(api_version: &str, kind: &str) -> Option<&'static Fields> {
    ALL.into_iter().find(|fields| fields.api_version == api_version && fields.kinds.contains(&kind))
}
