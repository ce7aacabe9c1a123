//! A concrete request: one value per attribute.

use crate::access::logic::attribute::Attribute;
use std::collections::{BTreeMap, BTreeSet};

/// A request to one container port. What is not set is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    values: BTreeMap<Attribute, String>,
    lists: BTreeMap<Attribute, BTreeSet<String>>,
}

impl Request {
    /// The value of a single-valued attribute.
    pub fn value(&self, attribute: &Attribute) -> Option<&str> {
        self.values.get(attribute).map(String::as_str)
    }

    /// The elements of a list attribute.
    pub fn elements(&self, attribute: &Attribute) -> impl Iterator<Item = &str> {
        self.lists.get(attribute).into_iter().flatten().map(String::as_str)
    }

    /// True when the attribute is set, to whatever value.
    pub fn has(&self, attribute: &Attribute) -> bool {
        self.values.contains_key(attribute) || self.lists.contains_key(attribute)
    }

    /// Every list that is set.
    pub fn lists(&self) -> impl Iterator<Item = (&Attribute, &BTreeSet<String>)> {
        self.lists.iter()
    }

    /// Every single value that is set.
    pub fn values(&self) -> impl Iterator<Item = (&Attribute, &str)> {
        self.values.iter().map(|(attribute, value)| (attribute, value.as_str()))
    }

    /// Sets an attribute; adds to it when it is a list.
    pub fn set(&mut self, attribute: Attribute, value: &str) {
        if attribute.is_list() {
            self.lists.entry(attribute).or_default().insert(value.to_owned());
        } else {
            self.values.insert(attribute, value.to_owned());
        }
    }

    /// The peer identity, without `spiffe://`.
    pub fn identity(&self) -> Option<String> {
        self.value(&Attribute::Mtls)?;
        let part = |attribute| self.value(&attribute).unwrap_or("other");
        Some(format!(
            "{}/ns/{}/sa/{}",
            part(Attribute::TrustDomain),
            part(Attribute::Namespace),
            part(Attribute::ServiceAccount)
        ))
    }

    /// `:path` with its query.
    pub fn full_path(&self) -> Option<String> {
        let path = self.value(&Attribute::Path)?;
        Some(match self.value(&Attribute::Query) {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        })
    }
}
