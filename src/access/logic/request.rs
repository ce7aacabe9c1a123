//! A concrete request: one value per attribute.

use crate::access::logic::attribute::Attribute;
#[cfg(test)]
use crate::access::logic::attribute::{BAD, GOOD, YES};
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

/// Requests for tests.
#[cfg(test)]
impl Request {
    /// Sets an attribute; adds to it when it is a list.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: &str) -> Request {
        self.set(attribute, value);
        self
    }

    /// A plaintext HTTP request to `host` for `:path` (with its query, if any).
    pub fn http(method: &str, path: &str) -> Request {
        let request = Request::tcp().with(Attribute::Method, method).with(Attribute::Host, "service.example");
        match path.split_once('?') {
            Some((path, query)) => request.with(Attribute::Path, path).with(Attribute::Query, query),
            None => request.with(Attribute::Path, path),
        }
    }

    /// A plaintext connection that is not HTTP.
    pub fn tcp() -> Request {
        Request::default()
            .with(Attribute::SourceIp, "198.51.100.7")
            .with(Attribute::RemoteIp, "198.51.100.7")
            .with(Attribute::DestinationIp, "10.0.0.7")
    }

    /// The same over mutual TLS from a peer identity `TD/ns/NS/sa/SA`; unchanged when it is not one.
    #[must_use]
    pub fn peer(self, identity: &str) -> Request {
        let parts: Vec<&str> = identity.split('/').collect();
        let [td, "ns", namespace, "sa", account] = parts[..] else { return self };
        self.with(Attribute::Mtls, YES)
            .with(Attribute::TrustDomain, td)
            .with(Attribute::Namespace, namespace)
            .with(Attribute::ServiceAccount, account)
    }

    /// The same with a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Request {
        self.with(Attribute::Header(name.to_ascii_lowercase()), value)
    }

    /// The same with a good token in the usual place, signed with `key` (as `jwt::key_name` names it).
    #[must_use]
    pub fn token(self, issuer: &str, key: &str) -> Request {
        self.with(Attribute::Token, GOOD)
            .with(Attribute::TokenLocation, crate::access::worlds::jwt::BEARER)
            .with(Attribute::Issuer, issuer)
            .with(Attribute::TokenKey, key)
    }

    /// The same with an invalid token in the usual place.
    #[must_use]
    pub fn bad_token(self) -> Request {
        self.with(Attribute::Token, BAD).with(Attribute::TokenLocation, crate::access::worlds::jwt::BEARER)
    }

    /// The same with a string in a claim.
    #[must_use]
    pub fn claim(self, name: &str, value: &str) -> Request {
        self.with(Attribute::Claim(name.to_owned()), value)
    }
}
