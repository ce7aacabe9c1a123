//! The names people would choose for new objects: the old policy's name, with the service's where one became several.

use super::effective::is_mesh_policy;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::{Labels, ManifestId};
use crate::convert::{Draft, NewKind};
use crate::yaml::Tree;
use std::collections::BTreeMap;

/// A new object before it has a name.
#[derive(Debug)]
pub(super) struct Sketch<'a> {
    /// Its kind.
    pub(super) kind: NewKind,
    /// Its namespace.
    pub(super) namespace: String,
    /// The policies it comes from; the first is its home.
    pub(super) from: Vec<&'a AuthenticationPolicy>,
    /// The service and the workload it is for; `None` for a whole namespace or mesh.
    pub(super) part: Option<Selected>,
    /// Comment lines above the object.
    pub(super) comment: Vec<String>,
    /// Its spec.
    pub(super) spec: Tree,
}

/// What an object with a selector is for.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    /// The service's name.
    pub(super) service: String,
    /// The workload's name.
    pub(super) workload: String,
}

impl Sketch<'_> {
    /// The kind as a word.
    pub(super) fn kind_word(&self) -> &'static str {
        match self.kind {
            NewKind::Peer => "PeerAuthentication",
            NewKind::Request => "RequestAuthentication",
            NewKind::Authorization => "AuthorizationPolicy",
        }
    }

    /// The kind, namespace and old object that a name has to be unique for.
    fn family(&self) -> (NewKind, String, Option<ManifestId>) {
        (self.kind, self.namespace.clone(), self.from.first().and_then(|policy| policy.meta.manifest))
    }

    fn name(&self, siblings: &[(String, String)]) -> String {
        let policy = match &self.part {
            // Objects for a whole namespace or mesh are called `default`, as istioctl and the documentation do.
            None => "default",
            Some(_) => self.from.first().map_or("default", |policy| policy.meta.name.as_str()),
        };
        let suffix = match self.kind {
            NewKind::Authorization => "-require-jwt",
            NewKind::Peer | NewKind::Request => "",
        };
        let Some(part) = &self.part else { return format!("{policy}{suffix}") };
        let alone = siblings.len() < 2
            && !self.from.first().is_some_and(|home| home.targets.is_empty() || is_mesh_policy(home));
        let same_service = siblings.iter().filter(|(service, _)| *service == part.service).count();
        match (alone, same_service) {
            (true, _) => format!("{policy}{suffix}"),
            (false, 0 | 1) => format!("{policy}-{}{suffix}", part.service),
            (false, _) => format!("{policy}-{}{suffix}", part.workload),
        }
    }
}

/// Names the sketches.
pub(super) fn drafts(sketches: Vec<Sketch<'_>>) -> Vec<Draft> {
    let mut families: BTreeMap<_, Vec<(String, String)>> = BTreeMap::new();
    for sketch in &sketches {
        if let Some(part) = &sketch.part {
            families.entry(sketch.family()).or_default().push((part.service.clone(), part.workload.clone()));
        }
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for sketch in sketches {
        let siblings = families.get(&sketch.family()).map(Vec::as_slice).unwrap_or_default();
        drafts.push(Draft {
            kind: sketch.kind,
            name: sketch.name(siblings),
            from: sketch.from.iter().filter_map(|policy| policy.meta.manifest).collect(),
            namespace: sketch.namespace,
            annotations: Labels::new(),
            comment: sketch.comment,
            spec: sketch.spec,
        });
    }
    drafts.sort_by(|a, b| {
        (a.from.first(), a.kind, &a.namespace, &a.name).cmp(&(b.from.first(), b.kind, &b.namespace, &b.name))
    });
    drafts
}
