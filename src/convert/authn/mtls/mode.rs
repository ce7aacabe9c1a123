//! The mode that a port had, and the one that it gets where no object for its workload speaks of it.

use super::planned::Planned;
use crate::api::Labels;
use crate::api::security::MtlsMode;
use crate::convert::authn::effective::{Scope, default_mode};
use crate::convert::authn::existing::Settings;
use crate::convert::authn::meaning::mode;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::Direction;
use crate::mesh::InventoryKind;

/// The mode that a legacy mode becomes in a namespace: `--plaintext permissive` and ambient namespaces cannot keep
/// plaintext-only ports.
pub(super) fn new_mode(work: &Work<'_>, namespace: &str, mode: MtlsMode) -> MtlsMode {
    let keeps_plaintext_only = !work.options().plaintext_permissive && !work.is_ambient(namespace);
    match mode {
        MtlsMode::Disable if !keeps_plaintext_only => MtlsMode::Permissive,
        mode => mode,
    }
}

/// The mode of the mesh in the old world.
pub(super) fn mesh_mode(work: &Work<'_>) -> MtlsMode {
    work.policies().mesh_policy().map_or(default_mode(work.mesh().settings.source), mode)
}

/// What it does to access when a port falls back from `own` to another mode.
pub(super) fn loss(own: MtlsMode) -> Direction {
    // Between DISABLE and STRICT access is lost and gained; what is gained is the worse news.
    if own == MtlsMode::Permissive { Direction::Narrower } else { Direction::Wider }
}

/// True when one mode may cover all ports of the pods: the input shows every Service, or the mode opens nothing.
pub(super) fn may_cover_everything(work: &Work<'_>, namespace: &str, mode: MtlsMode) -> bool {
    let inherited = new_mode(work, namespace, work.policies().inherited(namespace).mode);
    work.mesh().evidence.closes(&[InventoryKind::Service]) || mode.takes_no_more_than(inherited)
}

/// What a port gets that no workload-level object speaks of.
#[derive(Debug)]
pub(super) struct Base {
    /// The PeerAuthentications of the input.
    pub(super) existing: Settings,
    /// These, and the new ones for namespaces and for the mesh.
    inherited: Settings,
}

impl Base {
    /// `planned` are the new objects for namespaces and for the mesh.
    pub(super) fn new(existing: Settings, planned: &[Planned<'_>]) -> Base {
        let inherited = existing.with(planned.iter().map(Planned::setting));
        Base { existing, inherited }
    }

    /// The mode that every port of a namespace gets.
    pub(super) fn mode(&self, namespace: &str) -> MtlsMode {
        self.inherited.compose(namespace, &Labels::new()).mode(0)
    }

    /// The mode a **container** port of a workload has to come out with; `None` for a port no Service declares.
    pub(super) fn wanted(&self, work: &Work<'_>, subject: &Subject<'_>, number: u16) -> Option<MtlsMode> {
        let port = subject.ports.iter().find(|port| port.number == number)?;
        Some(match port.effective.scope {
            Scope::Service(_) => new_mode(work, subject.namespace(), port.effective.mode),
            Scope::Namespace | Scope::Mesh | Scope::Nothing => self.mode(subject.namespace()),
        })
    }
}
