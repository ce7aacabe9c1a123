//! The old kinds, as releases 1.4 and 1.5 enforced them: Policy and MeshPolicy, then ServiceRole and friends.
//!
//! The evaluator follows `meaning/rbac.md` Appendix A and `meaning/authn.md` §1.6, with the new kinds where 1.4 and 1.5
//! preferred them. Where the specs name a difference that no conversion can touch, neither side models it: the trust
//! domain check of the connection, empty header values, second tokens, repeated headers.
//! An identity counts on HTTP whenever the connection is mutual TLS, except on gateways, which had none (`meaning/rbac.md` E133, E134).

mod authn;
mod rbac;
mod role;
mod select;
mod subject;

use crate::access::Transport;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::modern;
use crate::access::worlds::subject::Subject;
use crate::mesh::{Mesh, SourceRelease, Version};

/// What the RBAC filter sees of the caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Where the peer identity comes from: the first whose condition holds.
    pub identities: Vec<(Formula, Identity)>,
    /// What is visible of the token.
    pub view: crate::access::worlds::jwt::View,
}

/// A source of the peer identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The client certificate.
    Certificate,
    /// `iss/sub` of a token listed under `peers`.
    Token,
    /// Accepted without any.
    Nobody,
}

/// The source release as a version of Istio, for the new kinds that it enforced.
fn version(mesh: &Mesh) -> Version {
    match mesh.settings.source {
        SourceRelease::V1_4 => Version::minor(4),
        SourceRelease::V1_5 => Version::minor(5),
    }
}

/// How the source release decides about requests to a port.
pub fn ruling(f: &mut Formulas, mesh: &Mesh, subject: &Subject<'_>) -> Ruling {
    let mut ruling =
        Ruling::new(Clause::new(Formula::TRUE, true, "no Service declares the port, so nothing protects it"));
    let Some(chain) = subject.chain() else {
        ruling.push(Clause::new(Formula::TRUE, false, "the port is an HTTP port and this is not HTTP"));
        return ruling;
    };
    let caller = authn::connect(f, mesh, subject, chain, &mut ruling);
    let (namespace, labels) = (subject.workload.meta.namespace.as_str(), &subject.workload.pod_labels);
    let version = version(mesh);
    let policies = modern::selecting(mesh, namespace, labels, version);
    if policies.is_empty() {
        rbac::authorize(f, mesh, subject, chain, &caller, &mut ruling);
    } else {
        // ANY AuthorizationPolicy that selects the workload switches the old kinds off for all of its ports (E48).
        let reason = "no AuthorizationPolicy with action ALLOW selects the workload";
        ruling.otherwise = Clause::new(Formula::TRUE, true, reason);
        let scope = modern::Scope {
            settings: &mesh.settings,
            version,
            chain,
            view: caller.view,
            split: None,
            port: subject.port,
            namespace,
        };
        modern::authorize(f, &policies, scope, &mut ruling);
    }
    ruling
}

/// True when the chain is HTTP.
fn is_http(chain: Transport) -> bool {
    chain == Transport::Http
}
