//! The result as the target mesh will see it: for every known port, is it what was enforced?

use super::findings;
use super::mode::new_mode;
use crate::api::security::MtlsMode;
use crate::convert::authn::existing::{Setting, Settings, replaced_mtls};
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;

/// Where an object of the input wins over a planned one it is not (E88), and the policies concerned are refused.
pub(super) fn check(work: &mut Work<'_>, existing: &Settings, after: &Settings) {
    if existing.is_empty() {
        return;
    }
    let root = work.root();
    for subject in work.subjects().iter().filter(|subject| !subject.gateway && subject.namespace() != root) {
        let replaced = replaced_mtls(work.mesh(), existing, subject);
        let before = existing.compose(subject.namespace(), subject.labels());
        let result = after.compose(subject.namespace(), subject.labels());
        for port in &subject.ports {
            let wanted = if replaced {
                before.mode(port.number)
            } else {
                new_mode(work, subject.namespace(), port.effective.mode)
            };
            let got = result.mode(port.number);
            if wanted != got {
                mismatch(work, subject, port.number, (wanted, got), result.any());
            }
        }
    }
}

/// Refuses the policy whose port comes out wrong; without one, the policy whose new object changed it.
fn mismatch(
    work: &mut Work<'_>,
    subject: &Subject<'_>,
    number: u16,
    (wanted, got): (MtlsMode, MtlsMode),
    winner: Option<&Setting>,
) {
    let on_port = subject.ports.iter().find(|port| port.number == number).and_then(|port| port.effective.policy);
    let inherited = work.policies().inherited(subject.namespace()).policy;
    let Some(policy) = on_port.or(inherited) else { return };
    work.refuse(policy, findings::existing_peer(subject, number, (wanted, got), winner));
}
