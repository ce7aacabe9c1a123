//! Which connections a port accepts: plaintext, mutual TLS, or both (`meaning/authn.md` §2.4, §3.2, §3.3).

use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::subject::Subject;
use crate::access::worlds::terms;
use crate::api::Meta;
use crate::api::security::{MtlsMode, PeerAuthentication};
use crate::mesh::{Mesh, Version, selects};

/// A mode and the object that set it.
#[derive(Clone, Copy, Debug)]
pub struct SetMode<'a> {
    /// The mode.
    pub mode: MtlsMode,
    /// Who set it, if somebody did.
    pub by: Option<&'a Meta>,
}

/// The modes of the ports asked about.
#[derive(Clone, Debug)]
pub struct PortModes<'a> {
    /// The mode.
    pub base: SetMode<'a>,
    /// Exceptions by **container** port, where the question is about several ports at once.
    pub exceptions: Vec<(u16, SetMode<'a>)>,
}

/// Older comes first: by creation time, then by the text `name.namespace`.
pub fn age(meta: &Meta) -> (&str, String) {
    (meta.created.as_deref().unwrap_or_default(), format!("{}.{}", meta.name, meta.namespace))
}

/// The modes that PeerAuthentications give; `None` when none applies to the workload at all.
///
/// The oldest selector-less policy of the root namespace, the oldest of the workload's namespace and the oldest that
/// selects the workload override each other, in this order, where they set a mode. Policies with a selector in the root
/// namespace are ignored. Port exceptions come from the last one only.
pub fn composed<'a>(mesh: &'a Mesh, subject: &Subject<'_>, version: Version) -> Option<PortModes<'a>> {
    let root = mesh.settings.root_namespace.as_str();
    let (namespace, labels) = (subject.workload.meta.namespace.as_str(), &subject.workload.pod_labels);
    let oldest = |wanted: &dyn Fn(&PeerAuthentication) -> bool| {
        mesh.peer.iter().filter(|pa| wanted(pa)).min_by(|a, b| age(&a.meta).cmp(&age(&b.meta)))
    };
    let here = |pa: &PeerAuthentication| namespace != root && pa.meta.namespace == namespace;
    let whole_mesh = oldest(&|pa| pa.meta.namespace == root && pa.selector.is_empty());
    let whole_namespace = oldest(&|pa| here(pa) && pa.selector.is_empty());
    let workload = oldest(&|pa| here(pa) && !pa.selector.is_empty() && selects(&pa.selector, labels));
    let applying: Vec<&PeerAuthentication> = [whole_mesh, whole_namespace, workload].into_iter().flatten().collect();
    if applying.is_empty() {
        return None;
    }
    let setting = applying.iter().rev().find_map(|pa| Some(SetMode { mode: pa.mode?, by: Some(&pa.meta) }));
    let base = setting.unwrap_or(SetMode { mode: MtlsMode::Permissive, by: None });
    let set = |(port, mode): (&u16, &Option<MtlsMode>), by| Some((*port, SetMode { mode: (*mode)?, by: Some(by) }));
    let exceptions = workload.into_iter().flat_map(|pa| pa.ports.iter().filter_map(|entry| set(entry, &pa.meta)));
    let exceptions: Vec<(u16, SetMode<'a>)> = exceptions.collect();
    Some(match subject.port {
        Some(port) => {
            let exception = exceptions.iter().find(|(number, _)| *number == port);
            PortModes { base: exception.map_or(base, |(_, mode)| *mode), exceptions: Vec::new() }
        }
        // Undeclared ports see port exceptions from 1.9 on.
        None if version.at_least(9) => PortModes { base, exceptions },
        None => PortModes { base, exceptions: Vec::new() },
    })
}

/// Adds the clauses that refuse the connections which the modes do not accept; `None` accepts both kinds.
pub fn refuse(f: &mut Formulas, modes: Option<&PortModes<'_>>, subject: &Subject<'_>, ruling: &mut Ruling) {
    let Some(modes) = modes else { return };
    let mut elsewhere = Formula::TRUE;
    for (number, set) in &modes.exceptions {
        let here = terms::port(f, subject.port, *number);
        refusal(f, here, set, ruling);
        let not_here = f.not(here);
        elsewhere = f.all([elsewhere, not_here]);
    }
    refusal(f, elsewhere, &modes.base, ruling);
}

/// Adds the clause for one mode, where `here` holds.
fn refusal(f: &mut Formulas, here: Formula, set: &SetMode<'_>, ruling: &mut Ruling) {
    let mtls = f.present(Attribute::Mtls);
    let (refused, reason) = match set.mode {
        MtlsMode::Permissive => return,
        MtlsMode::Strict => (f.not(mtls), "the port accepts mutual TLS only (STRICT), and this is plaintext"),
        MtlsMode::Disable => (mtls, "the port accepts plaintext only (DISABLE), and this is mutual TLS"),
    };
    let when = f.all([here, refused]);
    let clause = Clause::new(when, false, reason);
    ruling.push(match set.by {
        Some(meta) => clause.of(meta),
        None => clause,
    });
}
