//! PeerAuthentication (`meaning/authn.md` §3.2).

use crate::api::{Labels, Meta};
use std::collections::BTreeMap;

/// A PeerAuthentication.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerAuthentication {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.selector.matchLabels`; empty when absent or empty, which selects the whole namespace.
    pub selector: Labels,
    /// `spec.mtls.mode`; `None` when absent or `UNSET`.
    pub mode: Option<MtlsMode>,
    /// `spec.portLevelMtls`: **container** port to mode (`None`: `UNSET`).
    pub ports: BTreeMap<u16, Option<MtlsMode>>,
}

/// How a port treats TLS; the order is from most open to most strict **for plaintext**.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MtlsMode {
    /// Plaintext only.
    Disable,
    /// Plaintext and mutual TLS.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl MtlsMode {
    /// True when EVERY connection that this mode takes is one that `other` takes as well.
    pub fn takes_no_more_than(self, other: MtlsMode) -> bool {
        self == other || other == MtlsMode::Permissive
    }

    /// The word the API uses.
    pub fn word(self) -> &'static str {
        match self {
            MtlsMode::Disable => "DISABLE",
            MtlsMode::Permissive => "PERMISSIVE",
            MtlsMode::Strict => "STRICT",
        }
    }
}
