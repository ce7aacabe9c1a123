//! Where the old configuration switches RBAC on (`meaning/rbac.md` §3.2).

use crate::api::core::Service;
use crate::api::legacy::{RbacConfig, RbacMode, RbacTarget};
use crate::mesh::{InventoryKind, Mesh};

/// The effective config, asked about services.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The mesh.
    pub mesh: &'a Mesh,
    /// The effective config. Its mode is not OFF.
    pub config: &'a RbacConfig,
}

impl<'a> Scope<'a> {
    /// The list that the mode reads; the other one is ignored (E11).
    pub fn target(&self) -> Option<&'a RbacTarget> {
        match self.config.mode {
            RbacMode::OnWithInclusion => self.config.inclusion.as_ref(),
            RbacMode::OnWithExclusion => self.config.exclusion.as_ref(),
            RbacMode::On | RbacMode::Off => None,
        }
    }

    /// True when the input shows every Service.
    pub fn services_are_closed(&self) -> bool {
        self.mesh.evidence.closes(&[InventoryKind::Service])
    }

    /// True when the input shows every workload.
    pub fn workloads_are_closed(&self) -> bool {
        self.mesh.evidence.closes(&[InventoryKind::Workload])
    }

    /// True when the input shows every Service and every workload.
    pub fn pods_are_known(&self) -> bool {
        self.services_are_closed() && self.workloads_are_closed()
    }

    /// True when requests to this service are checked.
    pub fn covers(&self, service: &Service) -> bool {
        self.covers_host(&self.mesh.host(service), &service.meta.namespace)
    }

    /// True when requests to this host of this namespace are checked. Lists are compared literally.
    pub fn covers_host(&self, host: &str, namespace: &str) -> bool {
        let listed = || names(self.target(), host, namespace);
        match self.config.mode {
            RbacMode::Off => false,
            RbacMode::On => true,
            RbacMode::OnWithInclusion => listed(),
            RbacMode::OnWithExclusion => !listed(),
        }
    }

    /// True when every service of the namespace is checked, also one that nobody has seen yet.
    pub fn covers_namespace(&self, namespace: &str) -> bool {
        match self.config.mode {
            RbacMode::Off => false,
            RbacMode::On => true,
            RbacMode::OnWithInclusion => names_namespace(self.target(), namespace),
            RbacMode::OnWithExclusion => {
                !names_namespace(self.target(), namespace) && !self.names_service_of(namespace)
            }
        }
    }

    /// True when a Service of the namespace that the list does not name is checked.
    pub fn covers_others(&self, namespace: &str) -> bool {
        match self.config.mode {
            RbacMode::OnWithExclusion => !names_namespace(self.target(), namespace),
            RbacMode::Off | RbacMode::On | RbacMode::OnWithInclusion => self.covers_namespace(namespace),
        }
    }

    /// True when some service of the namespace may be checked.
    pub fn reaches_namespace(&self, namespace: &str) -> bool {
        match self.config.mode {
            RbacMode::Off => false,
            RbacMode::On => true,
            RbacMode::OnWithInclusion => names_namespace(self.target(), namespace) || self.names_service_of(namespace),
            RbacMode::OnWithExclusion => !names_namespace(self.target(), namespace),
        }
    }

    /// True when the list names a host of the namespace.
    fn names_service_of(&self, namespace: &str) -> bool {
        let domain = &self.mesh.settings.cluster_domain;
        self.target().is_some_and(|target| {
            target.services.iter().any(|(host, _)| {
                crate::convert::rbac::place::services::split_host(host, domain).is_some_and(|(_, of)| of == namespace)
                    || host.ends_with(&format!(".{namespace}"))
            })
        })
    }
}

fn names(target: Option<&RbacTarget>, host: &str, namespace: &str) -> bool {
    names_namespace(target, namespace)
        || target.is_some_and(|target| target.services.iter().any(|(name, _)| name == host))
}

fn names_namespace(target: Option<&RbacTarget>, namespace: &str) -> bool {
    target.is_some_and(|target| target.namespaces.iter().any(|(name, _)| name == namespace))
}
