//! What old RBAC took from authentication: no identity of the peer on the HTTP ports of gateways, and none at all where
//! Istio 1.4 had no policy.

use crate::convert::Context;
use crate::convert::rbac::clause::Clause;
use crate::finding::catalogue::mtls::UNKNOWN_MESH_POLICY;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::{InventoryKind, SourceRelease, kubectl_get};

/// What becomes of a rule on the pods of a gateway, where old proxies had no identity of the peer on HTTP (E133):
/// whether it is left out, and what there is to say. `only_http`: no port of the pods has a TCP chain.
pub fn on_gateway(rule: &Clause, only_http: bool, name: &str) -> Option<(bool, Finding)> {
    if rule.asks_for_peer(true) {
        let dead = rule.is_http() || only_http;
        let direction = if dead { Direction::None } else { Direction::Narrower };
        let consequence = if dead { "" } else { "; callers of its TCP ports, where it did count, are denied" };
        let message = format!(
            "{name} is a gateway, where old Istio never saw who the peer is on HTTP, so this rule is left out{consequence}."
        );
        return Some((true, Finding::new(codes::GATEWAY_KNEW_NO_PEER, message).direction(direction)));
    }
    rule.asks_for_peer(false).then(|| {
        let message = format!(
            "{name} is a gateway, where old Istio never saw who the peer is on HTTP; now the excluded peers are denied there."
        );
        let finding = Finding::new(codes::GATEWAY_KNEW_NO_PEER, message);
        (false, finding.direction(Direction::Narrower).severity(Severity::Note))
    })
}

/// The finding that refuses RBAC objects of Istio 1.4 without any authentication object beside them (E134): then no
/// certificate ever reached a role, and the new release would take certificates. With authentication objects, their
/// own conversion settles what holds where none applies.
pub fn unknown(context: Context<'_>) -> Option<Finding> {
    let mesh = context.mesh;
    let root = &mesh.settings.root_namespace;
    let said_in_new_terms = mesh.peer.iter().any(|policy| policy.meta.namespace == *root && policy.selector.is_empty());
    if mesh.settings.source != SourceRelease::V1_4 || !mesh.authentication.is_empty() || said_in_new_terms {
        return None;
    }
    let meta = (mesh.configs.iter().map(|config| &config.meta))
        .chain(mesh.roles.iter().map(|role| &role.meta))
        .chain(mesh.bindings.iter().map(|binding| &binding.meta))
        .next()?;
    let finding = if mesh.evidence.closes(&[InventoryKind::MeshPolicy, InventoryKind::Policy]) {
        Finding::new(
            UNKNOWN_MESH_POLICY,
            format!(
                "There is no MeshPolicy, so Istio 1.4 took plaintext only and roles never saw an identity; Istio {} takes mutual TLS too.",
                mesh.settings.target
            ),
        )
        .remedy(format!(
            "Add a PeerAuthentication with the mode DISABLE for the namespace `{root}` to the input, or accept the finding with `--allow unknown-mesh-policy`."
        ))
    } else {
        Finding::new(
            UNKNOWN_MESH_POLICY,
            "No MeshPolicy is in the input, and without one Istio 1.4 took plaintext only and roles never saw an identity.",
        )
        .remedy(format!(
            "Add the output of `{}` with --inventory, or say what it demands with `--assume mtls=strict` (or `permissive`, or `disable`), or pass --inventory-complete=meshpolicies if there is none.",
            kubectl_get("meshpolicy", "", "default")
        ))
    };
    Some(finding.at(meta.place.clone()).on(meta.object()))
}
