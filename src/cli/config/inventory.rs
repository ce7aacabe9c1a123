//! `inventory:` of the settings file: a list of paths, or paths with what they close.

use crate::mesh::{Completeness, InventoryKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// What is read beside the input, and what does not exist beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Paths read for Services, workloads and namespaces, relative to the settings file.
    pub paths: Vec<PathBuf>,
    /// Of which kinds there is nothing else.
    pub complete: Completeness,
    /// The JSON pointer of the list of paths, for errors: it is written in two ways.
    pub paths_at: &'static str,
}

/// The long way to write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Long {
    paths: Vec<PathBuf>,
    complete: Complete,
}

/// `true`, `all`, or a list of kinds.
#[derive(Default)]
struct Complete(Completeness);

impl<'de> Deserialize<'de> for Inventory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Inventory, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Inventory;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of paths, or `paths:` and `complete:`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, paths: A) -> Result<Inventory, A::Error> {
                let paths = Vec::deserialize(SeqAccessDeserializer::new(paths))?;
                Ok(Inventory { paths, complete: Completeness::Open, paths_at: "/inventory" })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Inventory, A::Error> {
                let long = Long::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(Inventory { paths: long.paths, complete: long.complete.0, paths_at: "/inventory/paths" })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Complete {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Complete, D::Error> {
        struct Kinds;
        impl<'de> Visitor<'de> for Kinds {
            type Value = Complete;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `all`, or a list of kinds like [services, workloads]")
            }

            fn visit_bool<E: Error>(self, shown: bool) -> Result<Complete, E> {
                Ok(Complete(if shown { Completeness::Shown } else { Completeness::Open }))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Complete, E> {
                word.parse().map(Complete).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Complete, A::Error> {
                let mut kinds = BTreeSet::new();
                while let Some(word) = words.next_element::<String>()? {
                    kinds.insert(word.parse::<InventoryKind>().map_err(A::Error::custom)?);
                }
                Ok(Complete(Completeness::Kinds(kinds)))
            }
        }
        deserializer.deserialize_any(Kinds)
    }
}

impl JsonSchema for Inventory {
    fn schema_name() -> Cow<'static, str> {
        "Inventory".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<&str> = InventoryKind::ALL.iter().map(|kind| kind.word()).collect();
        json_schema!({
            "anyOf": [
                {
                    "description": "Paths read for Services, workloads and namespaces, relative to this file.",
                    "type": "array",
                    "items": { "type": "string" }
                },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "paths": {
                            "description": "Paths read for Services, workloads and namespaces, relative to this file.",
                            "type": "array",
                            "items": { "type": "string" }
                        },
                        "complete": {
                            "description": "There is nothing beside the input and these paths: of the kinds that they show (true), of any kind (all), or of these kinds.",
                            "anyOf": [
                                { "type": "boolean" },
                                { "const": "all" },
                                { "type": "array", "items": { "enum": kinds } }
                            ]
                        }
                    }
                }
            ]
        })
    }
}
