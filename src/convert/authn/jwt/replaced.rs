//! Workloads for which a RequestAuthentication of the input is in force in the place of old origins (`meaning/authn.md` §2.5).

use super::findings;
use crate::api::legacy::{AuthenticationPolicy, PeerMethod};
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::catalogue::jwt as codes;
use crate::mesh::{SourceRelease, selects};

/// On 1.5 any RequestAuthentication that applies switched the origins of old policies off (§2.5, E87).
pub(super) fn is_replaced(work: &Work<'_>, subject: &Subject<'_>) -> bool {
    work.mesh().settings.source == SourceRelease::V1_5
        && work.mesh().request.iter().any(|object| {
            let scope = object.meta.namespace == subject.namespace() || object.meta.namespace == work.root();
            scope && !object.target_refs && !object.rules.is_empty() && selects(&object.selector, subject.labels())
        })
}

/// The origins of a policy become nothing there.
pub(super) fn report(work: &mut Work<'_>, policy: &AuthenticationPolicy) {
    work.report(policy, findings::replaced(policy));
    if policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Jwt(_))) {
        // Only the origins were switched off; the token that a peer method demands still was (authn §2.5).
        work.refuse(policy, findings::peer_token_beside_existing(policy));
    }
    work.inert(policy, codes::JWT_REPLACED);
}
