//! PeerAuthentications already in the input, and what a pod gets from several of them (`meaning/authn.md` §2.5, §3.2).

use super::subjects::Subject;
use crate::api::Labels;
use crate::api::security::{MtlsMode, PeerAuthentication};
use crate::finding::Place;
use crate::mesh::{Mesh, SourceRelease, selects};
use std::collections::BTreeMap;

/// A PeerAuthentication, existing or planned, reduced to what decides modes.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Its namespace.
    pub(super) namespace: String,
    /// Empty for a whole namespace or mesh.
    pub(super) selector: Labels,
    /// `mtls.mode`, unless it is unset.
    pub(super) mode: Option<MtlsMode>,
    /// `portLevelMtls` by **container** port; `None` is `UNSET`.
    pub(super) ports: BTreeMap<u16, Option<MtlsMode>>,
    /// Where it is written, for an object of the input.
    pub(super) place: Option<Place>,
}

/// The PeerAuthentications of the input, oldest first.
pub(super) fn existing(mesh: &Mesh) -> Vec<Setting> {
    let mut objects: Vec<&PeerAuthentication> = mesh.peer.iter().collect();
    objects.sort_by_cached_key(|object| {
        let created = object.meta.created.clone();
        (created.is_none(), created, format!("{}.{}", object.meta.name, object.meta.namespace))
    });
    let setting = |object: &PeerAuthentication| Setting {
        namespace: object.meta.namespace.clone(),
        selector: object.selector.clone(),
        mode: object.mode,
        ports: object.ports.clone(),
        place: Some(object.meta.place.clone()),
    };
    objects.into_iter().map(setting).collect()
}

/// The settings that decide for a pod: one for the mesh, one for its namespace, one for the workload. Never more; each
/// is the oldest of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Composed<'s> {
    mesh: Option<&'s Setting>,
    namespace: Option<&'s Setting>,
    /// The setting with a selector.
    workload: Option<&'s Setting>,
}

/// A set of PeerAuthentications, each namespace's in order of age.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    root: String,
    by_namespace: BTreeMap<String, Vec<Setting>>,
}

impl Settings {
    /// A set. `settings` is in order of age.
    pub(super) fn new(root: &str, settings: Vec<Setting>) -> Settings {
        let mut set = Settings { root: root.to_owned(), by_namespace: BTreeMap::new() };
        set.add(settings);
        set
    }

    /// The set with younger ones.
    pub(super) fn with(&self, younger: impl IntoIterator<Item = Setting>) -> Settings {
        let mut set = self.clone();
        set.add(younger);
        set
    }

    fn add(&mut self, settings: impl IntoIterator<Item = Setting>) {
        for setting in settings {
            self.by_namespace.entry(setting.namespace.clone()).or_default().push(setting);
        }
    }

    /// True when there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.by_namespace.is_empty()
    }

    /// The oldest one without a selector in a namespace.
    pub(super) fn whole(&self, namespace: &str) -> Option<&Setting> {
        self.of(namespace).iter().find(|setting| setting.selector.is_empty())
    }

    /// Finds the settings that decide for pods with these labels. A selector in the root namespace is ignored, also
    /// for the pods of that namespace (S10).
    pub(super) fn compose(&self, namespace: &str, labels: &Labels) -> Composed<'_> {
        let selecting = |setting: &&Setting| !setting.selector.is_empty() && selects(&setting.selector, labels);
        let is_root = namespace == self.root;
        Composed {
            mesh: self.whole(&self.root),
            namespace: if is_root { None } else { self.whole(namespace) },
            workload: if is_root { None } else { self.of(namespace).iter().find(selecting) },
        }
    }

    fn of(&self, namespace: &str) -> &[Setting] {
        self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'s> Composed<'s> {
    /// The mode of a **container** port.
    pub(super) fn mode(&self, port: u16) -> MtlsMode {
        let inherited = [self.workload, self.namespace, self.mesh]
            .into_iter()
            .flatten()
            .find_map(|setting| setting.mode)
            .unwrap_or(MtlsMode::Permissive);
        self.workload.and_then(|setting| setting.ports.get(&port).copied()).flatten().unwrap_or(inherited)
    }

    /// True when no setting applies at all.
    pub(super) fn is_empty(&self) -> bool {
        self.any().is_none()
    }

    /// The most specific setting.
    pub(super) fn any(&self) -> Option<&'s Setting> {
        self.workload.or(self.namespace).or(self.mesh)
    }
}

/// True when the old mesh took the modes of this workload from PeerAuthentications already: on 1.5 ANY of them, even a
/// mesh-wide one, switched the mTLS half of all old policies off (§2.5, E87). 1.4 did not know the kind.
pub(super) fn replaced_mtls(mesh: &Mesh, settings: &Settings, subject: &Subject<'_>) -> bool {
    mesh.settings.source == SourceRelease::V1_5 && !settings.compose(subject.namespace(), subject.labels()).is_empty()
}

/// The PeerAuthentication of the input that decides for a workload, where a new one could not: on 1.5 any, for it replaced
/// the old policy; else one with a selector, for it is older than what meshlift writes (E88).
pub(super) fn decides_already<'s>(mesh: &Mesh, settings: &'s Settings, subject: &Subject<'_>) -> Option<&'s Setting> {
    let composed = settings.compose(subject.namespace(), subject.labels());
    if replaced_mtls(mesh, settings, subject) { composed.any() } else { composed.workload }
}
