//! When two documents of one identity are the same object, as far as access depends on it (`meaning/knowledge.md` §8): image
//! tags, replicas and subsets make no difference.

use super::Input;
use super::decode::{Decoded, Object, Outcome};
use crate::api::networking::{ClientTls, DestinationRule};
use serde_json::Value;

/// True when two documents of one identity agree in everything that access needs.
pub(super) fn agree(one: &Decoded, other: &Decoded, inputs: &[Input]) -> bool {
    let (Outcome::Accepted(a), Outcome::Accepted(b)) = (&one.outcome, &other.outcome) else {
        return spec(one, inputs) == spec(other, inputs);
    };
    match (a.as_ref(), b.as_ref()) {
        (Object::Namespace(_), Object::Namespace(_)) => true,
        // Creation times decide which Service governs a port.
        (Object::Service(a), Object::Service(b)) if a.meta.created != b.meta.created => false,
        (Object::Service(a), Object::Service(b)) => {
            (&a.selector, &a.ports, a.external_name, a.headless) == (&b.selector, &b.ports, b.external_name, b.headless)
        }
        (Object::Workload(a), Object::Workload(b)) => {
            let pods = (&a.pod_labels, &a.ports, &a.service_account) == (&b.pod_labels, &b.ports, &b.service_account);
            pods && a.capture == b.capture
        }
        (Object::DestinationRule(a), Object::DestinationRule(b)) => a.host == b.host && client_tls(a) == client_tls(b),
        (Object::Sidecar(a), Object::Sidecar(b)) => (&a.selector, &a.ingress) == (&b.selector, &b.ingress),
        _ => spec(one, inputs) == spec(other, inputs),
    }
}

/// True for kinds of which all versions can be looked at beside each other: the pods of each, the clients of each.
pub(super) fn may_differ(decoded: &Decoded) -> bool {
    let Outcome::Accepted(object) = &decoded.outcome else { return false };
    matches!(object.as_ref(), Object::Workload(_) | Object::DestinationRule(_))
}

fn value<'a>(decoded: &Decoded, inputs: &'a [Input]) -> Option<&'a Value> {
    Some(inputs.get(decoded.id.0)?.manifest.value())
}

fn spec<'a>(decoded: &Decoded, inputs: &'a [Input]) -> Option<&'a Value> {
    value(decoded, inputs)?.get("spec").filter(|spec| !spec.is_null())
}

/// The modes without their places.
fn client_tls(rule: &DestinationRule) -> (Option<&str>, Vec<(u16, Option<&str>)>) {
    fn mode(tls: &Option<ClientTls>) -> Option<&str> {
        tls.as_ref().map(|tls| tls.mode.as_str())
    }
    (mode(&rule.tls), rule.port_tls.iter().map(|(port, tls)| (*port, mode(tls))).collect())
}
