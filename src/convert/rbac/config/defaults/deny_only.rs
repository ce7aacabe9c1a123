//! Pods that have DENY policies only were open otherwise; a default denial closes them (§6.7).

use crate::api::security::{Action, AuthorizationPolicy};
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, selected};
use crate::convert::rbac::place::survey::Pod;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Place, Severity};

impl<'a> Builder<'a> {
    /// Pods that have DENY policies only were open otherwise; a default denial closes them (§6.7).
    pub fn warn_of_deny_only(&mut self, at: &Place, closed: &Selection<'_>) {
        let affected = |pod: &&Pod<'_>| selected(std::slice::from_ref(closed), pod);
        let found = self.survey.pods.iter().filter(affected).find(|pod| pod.replaced && !pod.restricted);
        if let Some(policy) = self.denies_unseen(closed) {
            let finding = Finding::new(
                codes::CLOSES_DENY_ONLY,
                format!(
                    "{} is for pods that the input does not show: old RBAC was ignored there, and unless another AuthorizationPolicy allows callers of them, the default denial closes them.",
                    policy.meta.object()
                ),
            );
            let finding = finding.severity(Severity::Note).direction(Direction::Narrower);
            self.tell(at, finding.related(policy.meta.place.clone(), "this policy"));
        }
        if let Some(pod) = found {
            let finding = Finding::new(
                codes::CLOSES_DENY_ONLY,
                format!(
                    "{} has AuthorizationPolicies, none of them ALLOW: old RBAC was ignored there, and the default denial would close it.",
                    pod.workload.meta.object()
                ),
            );
            self.tell(at, finding.related(pod.workload.meta.place.clone(), "these pods"));
        }
    }

    /// A policy that denies and that selects no pod of the input, where other pods may exist that a default denial closes.
    pub fn denies_unseen(&self, closed: &Selection<'_>) -> Option<&'a AuthorizationPolicy> {
        let mesh = self.scope.mesh;
        if self.scope.workloads_are_closed() {
            return None;
        }
        let near = |policy: &&AuthorizationPolicy| {
            let namespace = policy.meta.namespace.as_str();
            namespace == self.root() || closed.namespace.is_none_or(|closed| closed == namespace)
        };
        let reaches = |policy: &&AuthorizationPolicy| {
            closed.selector.is_none_or(|selector| crate::mesh::compatible(selector, &policy.selector))
        };
        let selects_shown = |policy: &AuthorizationPolicy| {
            let namespace = (policy.meta.namespace != self.root()).then_some(policy.meta.namespace.as_str());
            let selection = [Selection { namespace, selector: Some(&policy.selector) }];
            self.survey.pods.iter().any(|pod| selected(&selection, pod))
        };
        let denies = mesh.authorization.iter().filter(|policy| policy.action != Action::Allow && !policy.target_refs);
        denies.filter(near).filter(reaches).find(|policy| !selects_shown(policy))
    }
}
