//! The new kinds: PeerAuthentication, RequestAuthentication, AuthorizationPolicy (`meaning/rbac.md` §4, `meaning/authn.md` §3).

mod condition;
mod policy;
mod ztunnel;

use crate::access::Transport;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::jwt::{self, View};
use crate::access::worlds::mtls;
use crate::access::worlds::subject::Subject;
use crate::mesh::Mesh;
use std::collections::BTreeSet;

pub use condition::Scope;
pub use policy::{authorize, selecting};

/// How the target release decides about requests to a port.
pub fn ruling(f: &mut Formulas, mesh: &Mesh, subject: &Subject<'_>) -> Ruling {
    if mesh.is_ambient(subject.workload) {
        return ztunnel::ruling(f, mesh, subject);
    }
    let allowed = Clause::new(Formula::TRUE, true, "no AuthorizationPolicy with action ALLOW selects the workload");
    let mut ruling = Ruling::new(allowed);
    let Some(chain) = subject.chain() else {
        ruling.push(Clause::new(Formula::TRUE, false, "the port is an HTTP port and this is not HTTP"));
        return ruling;
    };
    let version = mesh.settings.target;
    let (namespace, labels) = (subject.workload.meta.namespace.as_str(), &subject.workload.pod_labels);
    if !subject.is_gateway() {
        mtls::refuse(f, mtls::composed(mesh, subject, version).as_ref(), subject, &mut ruling);
    }
    let mut view = View::nothing();
    let mut split = BTreeSet::new();
    if chain == Transport::Http {
        let policies = jwt::applying(mesh, namespace, labels);
        if let Some(requested) = jwt::requested(f, &policies, version) {
            view = requested.view;
            split = jwt::split_claims(&policies);
            ruling.uses_token = requested.verified;
            ruling.rejects_token = requested.rejected;
            let refusal = Clause::new(requested.rejected, false, "the token does not verify (401)");
            let refusal = match policies.first() {
                Some(ra) => refusal.of(&ra.meta),
                None => refusal,
            };
            ruling.push_unauthorized(f, refusal);
        }
    }
    let policies = selecting(mesh, namespace, labels, version);
    let scope =
        Scope { settings: &mesh.settings, version, chain, view, split: Some(&split), port: subject.port, namespace };
    authorize(f, &policies, scope, &mut ruling);
    ruling
}
