//! Stated facts on a side of `verify` that holds no old object: what they stand for in the new API.
//!
//! Such a side runs on the new release, where the ClusterRbacConfig or MeshPolicy that lives elsewhere has been converted
//! where it is at home.

use super::load::Reading;
use crate::mesh::{self, BuildOptions, Completeness, Fact, Input, Mesh, MtlsFact, RbacFact};
use crate::yaml::Stream;
use std::borrow::Cow;

/// The mesh, with its stated old objects replaced by new ones where they are the only old ones it has.
pub fn in_the_api_of<'m>(mesh: &'m Mesh, reading: &Reading) -> Cow<'m, Mesh> {
    let facts = &reading.facts;
    let configs = mesh.configs.iter().map(|config| &config.meta.place);
    let places: Vec<_> = configs.chain(mesh.authentication.iter().map(|policy| &policy.meta.place)).collect();
    let inert = |id| mesh.inert.iter().any(|(inert, ..)| inert == id);
    let others = !(mesh.roles.is_empty() && mesh.bindings.is_empty())
        || mesh.rejected.iter().any(|(id, _)| !inert(id))
        || places.iter().any(|place| !facts.hold_place(place));
    if places.is_empty() || others {
        return Cow::Borrowed(mesh);
    }
    let root = &mesh.settings.root_namespace;
    let mut new = mesh.clone();
    let mut inputs = Vec::new();
    for fact in facts.at(&places) {
        match new_objects(fact, root) {
            Some(text) => {
                let stream = Stream::parse(&format!("<--assume {fact}>"), text.into());
                inputs.extend(stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: true }));
            }
            // Nothing may be concluded from this side.
            None => new
                .unreadable
                .extend(mesh.configs.iter().filter_map(|config| Some((config.meta.manifest?, config.meta.object())))),
        }
    }
    new.configs.clear();
    new.authentication.clear();
    let options = BuildOptions {
        settings: mesh.settings.clone(),
        one_mesh: true,
        complete: Completeness::All,
        ..BuildOptions::default()
    };
    for environment in mesh::build(inputs, &options).environments {
        new.peer.extend(environment.mesh.peer);
        new.authorization.extend(environment.mesh.authorization);
    }
    Cow::Owned(new)
}

/// The new objects that say what a fact says; `None` where no single form does.
fn new_objects(fact: &Fact, root: &str) -> Option<String> {
    let object = |kind: &str, namespace: &str, spec: &str| {
        let header = format!("apiVersion: security.istio.io/v1beta1\nkind: {kind}\n");
        format!("{header}metadata: {{name: default, namespace: '{namespace}'}}\nspec: {spec}\n---\n")
    };
    let peer = |mode: &str| object("PeerAuthentication", root, &format!("{{mtls: {{mode: {mode}}}}}"));
    match fact {
        Fact::Rbac(RbacFact::On) => Some(object("AuthorizationPolicy", root, "{}")),
        Fact::Rbac(RbacFact::Off) | Fact::Sniffing(_) => Some(String::new()),
        // In the root namespace a denial without a selector is for the whole mesh.
        Fact::Rbac(RbacFact::Namespaces(names)) if names.contains(root) => None,
        Fact::Rbac(RbacFact::Namespaces(names)) => {
            Some(names.iter().map(|name| object("AuthorizationPolicy", name, "{}")).collect())
        }
        Fact::Mtls(MtlsFact::Strict) => Some(peer("STRICT")),
        Fact::Mtls(MtlsFact::Permissive) => Some(peer("PERMISSIVE")),
        Fact::Mtls(MtlsFact::Disable) => Some(peer("DISABLE")),
    }
}
