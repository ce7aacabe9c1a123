//! Services that the input does not show and that may select the same pods (`meaning/knowledge.md` §5).
//!
//! A port that no shown Service declares is compared as governed by nobody, and, unless Services are closed, as governed
//! by a Service that nobody has shown: one that only patterns for every Service match, and one for every other pattern.

use crate::access::{Side, World};
use crate::api::Meta;
use crate::api::core::{Service, ServicePort, TargetPort, Transport};
use crate::mesh::{InventoryKind, Mesh};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a Service that matches no pattern but those for every Service; no real one can have it.
const NAME: &str = "<unseen>";
/// What a pattern's star stands for in the name of a Service that it matches.
const REST: &str = "unseen";

/// Namespace to the Services that may select pods there.
#[derive(Debug, Default)]
pub struct Unseen(BTreeMap<String, Vec<Service>>);

impl Unseen {
    /// The unseen Services that the old side could tell apart in these namespaces; none where Services are closed, or
    /// where the old side does not look at Services.
    pub fn of<'n>(before: &Side<'_>, namespaces: impl Iterator<Item = &'n str>) -> Unseen {
        if before.world == World::Target || before.mesh.evidence.closes(&[InventoryKind::Service]) {
            return Unseen::default();
        }
        let of_namespace = |namespace: &'n str| {
            let services = names(before.mesh, namespace).iter().map(|name| made_up(namespace, name)).collect();
            (namespace.to_owned(), services)
        };
        Unseen(namespaces.collect::<BTreeSet<&str>>().into_iter().map(of_namespace).collect())
    }

    /// Those of a namespace.
    pub fn in_namespace(&self, namespace: &str) -> &[Service] {
        self.0.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The plain name, and one for every pattern of a role that names more than one Service but not all.
fn names(mesh: &Mesh, namespace: &str) -> BTreeSet<String> {
    let of_namespace = mesh.roles.iter().filter(|role| role.meta.namespace == namespace);
    let patterns = of_namespace.flat_map(|role| &role.rules).flat_map(|rule| &rule.services);
    let host_end = format!(".{namespace}.svc.{}", mesh.settings.cluster_domain);
    let matched = patterns.filter_map(|pattern| instance(pattern, &host_end));
    std::iter::once(NAME.to_owned()).chain(matched).collect()
}

/// The short name of a Service that a prefix or suffix pattern matches; `None` for other patterns.
fn instance(pattern: &str, host_end: &str) -> Option<String> {
    let name = match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => format!("{REST}{}", end.strip_suffix(host_end)?),
        (None, Some(start)) if !start.is_empty() => format!("{start}{REST}"),
        (None, _) => return None,
    };
    (!name.contains(['.', '*'])).then_some(name)
}

fn made_up(namespace: &str, name: &str) -> Service {
    let port = |name: &str| ServicePort {
        name: name.to_owned(),
        port: 0,
        target: TargetPort::Number(0),
        transport: Transport::Tcp,
        app_protocol: None,
    };
    Service {
        meta: Meta::new("Service", namespace, name),
        selector: None,
        external_name: false,
        headless: false,
        ports: vec![port("http"), port("tcp"), port("")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_gives_the_name_of_a_service_that_it_matches() {
        let end = ".shop.svc.cluster.local";
        assert_eq!(instance("cart*", end).as_deref(), Some("cartunseen"));
        assert_eq!(instance("*-api.shop.svc.cluster.local", end).as_deref(), Some("unseen-api"));
        assert_eq!(instance("*", end), None, "a pattern for every Service needs no name");
        assert_eq!(instance("cart.shop.svc.cluster.local", end), None);
        assert_eq!(instance("cart.*", end), None, "it names one Service");
    }
}
