//! Where the input holds no Service and no workload, policies are compared on a made-up one: what they say about a
//! service that nobody has shown is still a claim about access.

use crate::api::core::{Service, ServicePort, TargetPort, Transport};
use crate::api::{Labels, Meta, namespace};
use crate::mesh::{InventoryKind, Mesh};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The name of the made-up Service; no real one can have it.
const NAME: &str = "<any>";

/// The namespaces in which made-up Services are needed to compare these meshes; empty when there is something real.
pub fn namespaces(meshes: &[&Mesh]) -> BTreeSet<String> {
    // Closed kinds say that there is none.
    if meshes.iter().all(|mesh| mesh.evidence.closes(&[InventoryKind::Service, InventoryKind::Workload])) {
        return BTreeSet::new();
    }
    // ANY real Service or workload is enough: then the rest of the input is about those.
    if meshes.iter().any(|mesh| !mesh.services.is_empty() || !mesh.workloads.is_empty()) {
        return BTreeSet::new();
    }
    let roots: BTreeSet<&str> = meshes.iter().map(|mesh| mesh.settings.root_namespace.as_str()).collect();
    let mut names: BTreeSet<String> = meshes.iter().flat_map(|mesh| mesh.namespace_names()).collect();
    names.retain(|name| !name.is_empty() && !roots.contains(name.as_str()));
    // A namespace that no object names: mesh-wide objects speak about it too.
    let other = |mesh: &&Mesh| mesh.settings.default_namespace.clone().unwrap_or_else(|| namespace::unnamed(""));
    names.extend(meshes.iter().map(other));
    names
}

/// The mesh with a made-up Service in each of these namespaces: an HTTP port and a TCP port, both declared by name.
pub fn joined<'a>(mesh: &'a Mesh, namespaces: &BTreeSet<String>) -> Cow<'a, Mesh> {
    if namespaces.is_empty() {
        return Cow::Borrowed(mesh);
    }
    let mut joined = mesh.clone();
    joined.services.extend(namespaces.iter().map(|namespace| stranger(namespace)));
    Cow::Owned(joined)
}

fn stranger(namespace: &str) -> Service {
    let port = |name: &str, number: u16| ServicePort {
        name: name.to_owned(),
        port: number,
        target: TargetPort::Number(number),
        transport: Transport::Tcp,
        app_protocol: None,
    };
    Service {
        meta: Meta::new("Service", namespace, NAME),
        selector: Some(Labels::from([("meshlift/made-up".to_owned(), NAME.to_owned())])),
        external_name: false,
        headless: false,
        ports: vec![port("http", 8080), port("tcp", 9000)],
    }
}
