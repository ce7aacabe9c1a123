//! What is known where something is converted for one namespace: the one carrier of this part.

use crate::api::core::Service;
use crate::convert::Context;
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::destination::{Destination, Target};
use crate::convert::rbac::place::services;
use crate::convert::rbac::place::survey::{Pod, Survey};

/// What is known where something is converted for one namespace.
#[derive(Clone, Copy)]
pub struct NamespaceView<'a> {
    /// The environment and the options.
    pub context: Context<'a>,
    /// Where RBAC was on.
    pub scope: Scope<'a>,
    /// The pods.
    pub survey: &'a Survey<'a>,
    /// The role's namespace.
    pub namespace: &'a str,
}

impl<'a> NamespaceView<'a> {
    /// True when the access rule is for this service: ANY pattern matches the host and ANY name pattern the short name.
    pub fn grants(&self, place: &Destination, host: &str, service: Option<&Service>) -> bool {
        let named = match (&place.names, service) {
            (None, _) => true,
            (Some(names), Some(service)) => names.iter().any(|name| services::matches(name, &service.meta.name)),
            (Some(_), None) => false,
        };
        named && services::any_matches(&place.services, host)
    }

    /// The pods that a target selects or may select.
    pub fn pods(&self, target: &Target) -> Vec<&'a Pod<'a>> {
        let of_service = self.scope.mesh.has_selector(self.namespace, target.selector.as_ref());
        self.survey.likely_pods(self.namespace, target.selector.as_ref(), !of_service)
    }

    /// True for the root namespace.
    pub fn is_root(&self) -> bool {
        self.namespace == self.scope.mesh.settings.root_namespace
    }
}
