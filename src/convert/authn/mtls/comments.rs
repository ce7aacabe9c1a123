//! The comments of old policies, carried to where their meaning stands in the new object.

use super::plan::Source;
use crate::api::legacy::{AuthenticationPolicy, PeerMethod, PortSelector};
use crate::convert::authn::effective::selects_port;
use crate::convert::authn::work::Work;
use crate::yaml::Notes;
use std::collections::BTreeSet;

/// The comments beside the element of `peers` that decides the mode.
pub(super) fn mode_notes(work: &Work<'_>, policy: &AuthenticationPolicy) -> Notes {
    let decides = |peer: &PeerMethod| matches!(peer, PeerMethod::Mtls(_));
    let Some(index) = policy.peers.iter().position(decides) else { return work.notes(policy, "/spec/peers") };
    ["/mtls/mode", "/mtls", ""]
        .iter()
        .map(|end| work.notes(policy, &format!("/spec/peers/{index}{end}")))
        .find(|notes| *notes != Notes::default())
        .unwrap_or_default()
}

/// The comments beside the targets, each once. One comment at the end of a line stays there.
pub(super) fn target_notes(work: &Work<'_>, sources: &[Source<'_>]) -> Notes {
    let mut notes = Notes::default();
    let mut seen = BTreeSet::new();
    for named in sources.iter().map(|source| source.named).filter(|named| seen.insert(named.id())) {
        for end in ["", "/name"] {
            let found = work.notes(named.policy, &format!("{}{end}", named.pointer()));
            notes.head.extend(found.head);
            match (notes.side.take(), found.side) {
                (Some(first), Some(second)) => notes.head.extend([first, second]),
                (first, second) => notes.side = first.or(second),
            }
        }
    }
    notes
}

/// The comments beside the port of the target that decides a container port.
pub(super) fn port_notes(work: &Work<'_>, source: &Source<'_>) -> Notes {
    let ports = &source.named.target.ports;
    let named = ports.iter().position(|selector| selects_port(selector, source.service_port));
    // A Sidecar's ingress listener was named by its own number (E46).
    let listener = |selector: &PortSelector| matches!(selector, PortSelector::Number(n, _) if Some(*n) == source.port);
    let Some(index) = named.or_else(|| ports.iter().position(listener)) else { return Notes::default() };
    let pointer = format!("{}/ports/{index}", source.named.pointer());
    let mut notes = work.notes(source.named.policy, &pointer);
    for key in ["number", "name"] {
        let inner = work.notes(source.named.policy, &format!("{pointer}/{key}"));
        notes.head.extend(inner.head);
        notes.side = notes.side.or(inner.side);
    }
    notes
}
