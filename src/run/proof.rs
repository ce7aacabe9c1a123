//! Runs the proof over every environment, and holds its verdicts against what the conversion had announced.

use super::after::{self, ReadBack};
use super::{Loaded, strangers};
use crate::access::{self, Doubt, Outcome, Side, Witness, World};
use crate::api::Labels;
use crate::convert::placement::Placement;
use crate::convert::plan::Plan;
use crate::convert::whole;
use crate::finding::catalogue::mtls::{UNDECLARED_PORTS, UNKNOWN_MESH_POLICY};
use crate::finding::catalogue::plan::{INTERNAL_ERROR, PODS_MAY_BE_SHARED, PROOF_UNDECIDED, UNEXPLAINED_DIFFERENCE};
use crate::finding::{Assumption, Code, Direction, Finding, ObjectRef, Relaxation, Severity};
use crate::mesh::{Environment, InventoryKind, Mesh};
use std::collections::BTreeSet;

/// Compares every environment before and after the conversion.
pub fn prove_conversion(
    loaded: &Loaded,
    plan: &Plan,
    placement: &Placement,
    read_back: &ReadBack,
    options: &access::Options,
) -> Vec<access::Verdict> {
    loaded
        .world
        .environments
        .iter()
        .filter(|environment| {
            let ids = after::legacy_ids(&environment.mesh);
            placement.placed.iter().any(|placed| placed.from.iter().any(|id| ids.contains(id)))
                || plan.ledger.inert_objects().keys().any(|id| ids.contains(id))
        })
        .flat_map(|environment| {
            let stays = |id| plan.ledger.is_refused(id);
            let left = whole::left(&environment.mesh, &plan.ledger);
            let after = after::mesh_after(&environment.mesh, placement, read_back, loaded);
            let some_stay = environment.mesh.legacy_manifests().any(stays);
            // Where nothing was converted and something stays, the mesh goes on as it is.
            let converted = after::has_placed(&environment.mesh, placement) || !some_stay;
            let mut verdicts = Vec::new();
            if converted {
                verdicts.extend(compare(&environment.mesh, &after, World::Target, options));
                verdicts.retain(|verdict| !left.holds(&verdict.workload));
            }
            if some_stay {
                let of_it = |workload: &ObjectRef| !converted || left.holds(workload);
                verdicts.extend(left_alone(environment, &after, of_it, plan, options));
            }
            verdicts
        })
        .collect()
}

/// The workloads that keep their old objects, on the mesh as it will be: old objects that stay and new ones together, on
/// the release that still reads both.
fn left_alone(
    environment: &Environment,
    after: &Mesh,
    stays: impl Fn(&ObjectRef) -> bool,
    plan: &Plan,
    options: &access::Options,
) -> Vec<access::Verdict> {
    let mixed = after::with_old_objects(after, &environment.mesh, |id| plan.ledger.is_refused(id));
    let root = &environment.mesh.settings.root_namespace;
    let near = |workload: &ObjectRef| {
        plan.drafts.iter().any(|draft| draft.namespace == workload.namespace || draft.namespace == *root)
    };
    let mut verdicts = compare(&environment.mesh, &mixed, World::Source, options);
    verdicts.retain(|verdict| {
        // What is not understood stays as it was where no new object comes near.
        let unchanged = matches!(verdict.outcome, Outcome::Undecided(_)) && !near(&verdict.workload);
        stays(&verdict.workload) && !unchanged
    });
    verdicts
}

fn compare(before: &Mesh, after: &Mesh, world: World, options: &access::Options) -> Vec<access::Verdict> {
    let namespaces = strangers::namespaces(&[before, after]);
    let (before, after) = (strangers::joined(before, &namespaces), strangers::joined(after, &namespaces));
    access::prove(Side { mesh: &before, world: World::Source }, Side { mesh: &after, world }, options)
}

/// The verdicts without those about unseen Services that say nothing new: equal, or narrower as an assumption says.
pub fn without_assumed(verdicts: Vec<access::Verdict>, assumptions: &[Assumption]) -> Vec<access::Verdict> {
    let assumed = |verdict: &access::Verdict| {
        let about_here = |object: &ObjectRef| object.namespace == verdict.workload.namespace;
        assumptions.iter().any(|assumption| {
            assumption.if_false == Direction::Narrower && assumption.object.as_ref().is_none_or(about_here)
        })
    };
    let says_something = |verdict: &access::Verdict| match verdict.outcome {
        _ if !verdict.unseen_service || verdict.doubt.is_some() => true,
        Outcome::Equal => false,
        Outcome::Narrower => !assumed(verdict),
        Outcome::Different | Outcome::Wider | Outcome::Undecided(_) => true,
    };
    verdicts.into_iter().filter(says_something).collect()
}

/// What the proof found that no finding of the conversion explains.
///
/// Wider is explained only by a finding that the user allowed by name; narrower by any finding that says so; both must
/// be about the workload's namespace or about the whole mesh. `roots` are the root namespaces.
pub fn unexplained(
    verdicts: &[access::Verdict],
    findings: &[Finding],
    allowed: &BTreeSet<Code>,
    strict: bool,
    roots: &BTreeSet<&str>,
) -> Vec<Finding> {
    let mut unexplained = Vec::new();
    for verdict in verdicts {
        let namespace = &verdict.workload.namespace;
        let about_here = |finding: &&Finding| {
            // A missing MeshPolicy is missed everywhere, whichever object the finding stands at.
            finding.code == UNKNOWN_MESH_POLICY
                || finding
                    .object
                    .as_ref()
                    .is_none_or(|object| is_mesh_wide(object, roots) || object.namespace == *namespace)
        };
        // ANY finding that announced the difference explains it.
        let wider_accepted = findings
            .iter()
            .filter(about_here)
            .any(|finding| finding.direction == Direction::Wider && allowed.contains(&finding.code));
        // What is lost where access was exchanged (DISABLE for STRICT) is part of what the user allowed.
        let narrower_announced = wider_accepted
            || findings.iter().filter(about_here).any(|finding| finding.direction == Direction::Narrower);
        let (wider, mut narrower) = match verdict.outcome {
            Outcome::Different => (true, true),
            Outcome::Wider => (true, false),
            Outcome::Narrower => (false, true),
            Outcome::Equal | Outcome::Undecided(_) => (false, false),
        };
        if let Some(Doubt::Impossible(_)) = verdict.doubt {
            // Nobody can accept this.
            unexplained.push(Finding::new(INTERNAL_ERROR, undecided(verdict)).on(verdict.workload.clone()));
            continue;
        }
        // A difference that a sample showed explains nothing about those that no sample did.
        if verdict.doubt.is_some() {
            let severity = if allowed.contains(&PROOF_UNDECIDED) { Severity::Warning } else { Severity::Error };
            let finding = Finding::new(PROOF_UNDECIDED, undecided(verdict));
            unexplained.push(finding.on(verdict.workload.clone()).severity(severity));
        }
        if strict && verdict.port.is_none() && narrower && !narrower_announced {
            // The one difference that no exact form avoids (`inside/design.md` §6.3): said here, where it is known for sure.
            let message = format!(
                "The ports of {} that no Service declares took every caller; the new policies cover them too.",
                verdict.workload
            );
            unexplained.push(Finding::new(UNDECLARED_PORTS, message).on(verdict.workload.clone()));
            narrower = false;
        }
        let open = [
            (wider && !wider_accepted).then_some((Direction::Wider, "more", &verdict.wider)),
            (narrower && !narrower_announced).then_some((Direction::Narrower, "less", &verdict.narrower)),
        ];
        unexplained.extend(difference(verdict, &open, allowed));
    }
    unexplained
}

/// A way in which access differs, the word for it, and the request that shows it.
type Way<'v> = (Direction, &'static str, &'v Option<Witness>);

/// The finding about ways that nothing explains: wider first; a difference on pods that may not exist only when there is no
/// other.
fn difference(verdict: &access::Verdict, open: &[Option<Way<'_>>], allowed: &BTreeSet<Code>) -> Option<Finding> {
    let on_real_pods =
        open.iter().flatten().find(|(_, _, witness)| witness.as_ref().is_none_or(|w| w.supposed.is_empty()));
    if let Some((direction, word, _)) = on_real_pods {
        let message =
            format!("{} would grant {word} than before, and nothing in the conversion explains it", port_of(verdict));
        let finding = Finding::new(UNEXPLAINED_DIFFERENCE, message).on(verdict.workload.clone());
        return Some(finding.direction(*direction));
    }
    let Some((direction, word, Some(witness))) = open.iter().flatten().next() else { return None };
    let finding = about_supposed_pods(verdict, &witness.supposed, word).direction(*direction);
    let severity = if allowed.contains(&finding.code) { Severity::Warning } else { Severity::Error };
    Some(finding.severity(severity))
}

/// With `--strict`: what the policies for whole namespaces do to pods that the input does not show. It is said after the
/// proof, because it explains no difference on pods that are known.
pub fn about_unseen_pods(loaded: &Loaded, plan: &Plan, strict: bool) -> Option<Finding> {
    let relaxed = plan.ledger.relaxations().contains(&Relaxation::UndeclaredPorts);
    let inventory = [InventoryKind::Service, InventoryKind::Workload];
    let open = loaded.world.environments.iter().any(|environment| !environment.mesh.evidence.closes(&inventory));
    (strict && relaxed && open).then(|| {
        let message = "Pods that the input does not show may have ports that no Service declares: these took every caller, and the policies for whole namespaces cover them too.";
        let mut finding = Finding::new(UNDECLARED_PORTS, message);
        // It is told where the first new object is to stand, or would have stood.
        let home = plan.drafts.iter().find_map(|draft| draft.from.first()).or(loaded.world.legacy.first());
        finding.place = home.and_then(|id| loaded.world.manifests.get(id.0)).map(|input| input.manifest.place(""));
        finding
    })
}

/// Why a port could not be compared, and how far the comparison came.
fn undecided(verdict: &access::Verdict) -> String {
    let what = port_of(verdict);
    let sampled = match verdict.outcome {
        Outcome::Undecided(sampled) => sampled,
        Outcome::Different | Outcome::Wider | Outcome::Narrower | Outcome::Equal => 0,
    };
    match &verdict.doubt {
        None | Some(Doubt::NotUnderstood) => format!(
            "{what} could not be compared: an object that bears on these pods could not be read or is not understood in full (a Sidecar with ingress listeners, for example), or policies can tell more pods apart than are compared"
        ),
        Some(Doubt::Impossible(cannot_be)) => {
            format!("{what} could not be compared: meshlift is wrong about itself, the proof has {cannot_be}")
        }
        Some(Doubt::OutOfBudget(at)) if sampled == 0 => {
            format!("{what} could not be compared completely: the proof ran out of its budget at {at}")
        }
        Some(Doubt::OutOfBudget(at)) => format!(
            "{what} could not be compared completely: the proof ran out of its budget at {at}; {sampled} sampled requests did not differ"
        ),
    }
}

/// True for objects that bear on every namespace: a RbacConfig does, wherever it stands (`meaning/rbac.md` §1.2), and the
/// current kinds do in a root namespace, also with a selector (`meaning/rbac.md` §6.10).
fn is_mesh_wide(object: &ObjectRef, roots: &BTreeSet<&str>) -> bool {
    let current =
        ["PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy"].contains(&object.kind.as_str());
    object.namespace.is_empty() || object.kind == "RbacConfig" || (current && roots.contains(object.namespace.as_str()))
}

/// A difference on pods of which nobody knows whether they exist.
fn about_supposed_pods(verdict: &access::Verdict, labels: &Labels, word: &str) -> Finding {
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let message = format!(
        "If pods of {} also carry {}, {} would grant {word} than before",
        verdict.workload,
        labels.join(", "),
        port_of(verdict)
    );
    Finding::new(PODS_MAY_BE_SHARED, message).on(verdict.workload.clone())
}

/// The workload and port of a verdict, for sentences.
fn port_of(verdict: &access::Verdict) -> String {
    match verdict.port {
        Some(port) => format!("port {port} of {}", verdict.workload),
        None if verdict.unseen_service => {
            format!(
                "the ports of a Service that the input does not show and that selects the pods of {}",
                verdict.workload
            )
        }
        None => format!("the undeclared ports of {}", verdict.workload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Transport, Verdict};
    use crate::finding::catalogue;
    use crate::run::exit::Exit;

    #[test]
    fn what_cannot_be_is_no_proof_and_nobody_can_accept_it() {
        let verdict = Verdict {
            workload: ObjectRef::new("Deployment", "shop", "cart"),
            stand_in: false,
            port: Some(8080),
            transport: Transport::Http,
            unseen_service: false,
            outcome: Outcome::Undecided(0),
            doubt: Some(Doubt::Impossible("a value that does not exist")),
            relaxations: BTreeSet::new(),
            wider: None,
            narrower: None,
        };
        let everything: BTreeSet<Code> = catalogue::all().collect();
        let findings = unexplained(&[verdict], &[], &everything, false, &BTreeSet::new());
        assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [INTERNAL_ERROR]);
        let exit = Exit::of(&findings, &everything, 1, true);
        assert!(exit.different && !exit.may_print(true) && !exit.may_write(true));
    }
}
