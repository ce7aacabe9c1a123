//! Requests as tests write them.

use crate::access::logic::attribute::{Attribute, BAD, GOOD, YES};
use crate::access::logic::request::Request;
use crate::access::worlds::jwt::BEARER;

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
            .with(Attribute::TokenLocation, BEARER)
            .with(Attribute::Issuer, issuer)
            .with(Attribute::TokenKey, key)
    }

    /// The same with an invalid token in the usual place.
    #[must_use]
    pub fn bad_token(self) -> Request {
        self.with(Attribute::Token, BAD).with(Attribute::TokenLocation, BEARER)
    }

    /// The same with a string in a claim.
    #[must_use]
    pub fn claim(self, name: &str, value: &str) -> Request {
        self.with(Attribute::Claim(name.to_owned()), value)
    }
}
