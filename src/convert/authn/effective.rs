//! Which legacy policy was in force on a service port (`meaning/authn.md` §2.1), and how sure that is.
//!
//! The first scope with a match supplies the whole policy: service, namespace, mesh. Within the service scope Istio 1.4
//! took the oldest target that matches; 1.5 took port-specific targets first. Without creation times the order is a guess.

use super::meaning::{JwtMeaning, mode};
use crate::api::ManifestId;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::{AuthenticationPolicy, PortSelector, Target};
use crate::api::security::MtlsMode;
use crate::mesh::{Mesh, SourceRelease};
use std::collections::BTreeMap;

/// The legacy policies of an environment, ordered as Istio ordered them.
#[derive(Debug)]
pub(super) struct Policies<'a> {
    release: SourceRelease,
    /// (namespace, service) to the targets that name it, in order of age.
    by_service: BTreeMap<(&'a str, &'a str), Vec<PolicyTarget<'a>>>,
    /// Namespace to its policies without targets, in order of age.
    by_namespace: BTreeMap<&'a str, Vec<&'a AuthenticationPolicy>>,
    /// MeshPolicies named `default`.
    mesh: Vec<&'a AuthenticationPolicy>,
}

/// A target of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicyTarget<'a> {
    /// The policy.
    pub(super) policy: &'a AuthenticationPolicy,
    /// Its target.
    pub(super) target: &'a Target,
    /// Where the target stands in the list of the policy.
    pub(super) position: usize,
}

impl PolicyTarget<'_> {
    /// What tells this target from every other one.
    pub(super) fn id(&self) -> (Option<ManifestId>, usize) {
        (self.policy.meta.manifest, self.position)
    }

    /// The JSON pointer to it in the manifest of its policy.
    pub(super) fn pointer(&self) -> String {
        format!("/spec/targets/{}", self.position)
    }
}

/// Where a policy in force comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// A target names the service.
    Service(PolicyTarget<'a>),
    /// The namespace's policy.
    Namespace,
    /// The MeshPolicy.
    Mesh,
    /// No policy at all.
    Nothing,
}

/// The policy in force on one service port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effective<'a> {
    /// `None` when no policy matches.
    pub(super) policy: Option<&'a AuthenticationPolicy>,
    /// Where it comes from.
    pub(super) scope: Scope<'a>,
    /// What its peers demand; the release's default when there is no policy.
    pub(super) mode: MtlsMode,
}

/// Another policy that may have been in force instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival<'a> {
    /// The other policy.
    pub(super) policy: &'a AuthenticationPolicy,
    /// Why it may have been.
    pub(super) doubt: Doubt,
}

/// Why another policy may have been in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Creation times are missing, so nobody can say which policy is older.
    Order,
    /// The other release (1.4 or 1.5) decided differently.
    Release,
}

impl<'a> Policies<'a> {
    /// Indexes the policies of an environment.
    pub(super) fn new(mesh: &'a Mesh) -> Policies<'a> {
        let mut ordered: Vec<&AuthenticationPolicy> = mesh.authentication.iter().collect();
        ordered.sort_by_cached_key(|policy| age(policy));
        let mut policies = Policies {
            release: mesh.settings.source,
            by_service: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
            mesh: Vec::new(),
        };
        for policy in ordered {
            let namespace = policy.meta.namespace.as_str();
            if is_mesh_policy(policy) {
                // Istio looked at the MeshPolicy of this name only (S4, E16).
                if policy.meta.name == "default" {
                    policies.mesh.push(policy);
                }
            } else if policy.targets.is_empty() {
                policies.by_namespace.entry(namespace).or_default().push(policy);
            } else {
                for (position, target) in policy.targets.iter().enumerate() {
                    let candidates = policies.by_service.entry((namespace, target.name.as_str())).or_default();
                    candidates.push(PolicyTarget { policy, target, position });
                }
            }
        }
        policies
    }

    /// The policy for a whole namespace or, failing that, for the mesh.
    pub(super) fn inherited(&self, namespace: &str) -> Effective<'a> {
        if let Some(policy) = self.namespace_policy(namespace) {
            return Effective { policy: Some(policy), scope: Scope::Namespace, mode: mode(policy) };
        }
        match self.mesh_policy() {
            Some(policy) => Effective { policy: Some(policy), scope: Scope::Mesh, mode: mode(policy) },
            None => Effective { policy: None, scope: Scope::Nothing, mode: default_mode(self.release) },
        }
    }

    /// The oldest policy without targets in a namespace.
    pub(super) fn namespace_policy(&self, namespace: &str) -> Option<&'a AuthenticationPolicy> {
        self.by_namespace.get(namespace).and_then(|policies| policies.first()).copied()
    }

    /// The MeshPolicy in force.
    pub(super) fn mesh_policy(&self) -> Option<&'a AuthenticationPolicy> {
        self.mesh.first().copied()
    }

    /// The policy in force on a service port.
    pub(super) fn on(&self, service: &Service, port: &ServicePort) -> Effective<'a> {
        self.on_release(service, port, self.release)
    }

    fn on_release(&self, service: &Service, port: &ServicePort, release: SourceRelease) -> Effective<'a> {
        match winner(&self.matching(service, port), release) {
            Some(won) => Effective { policy: Some(won.policy), scope: Scope::Service(won), mode: mode(won.policy) },
            None => self.inherited(&service.meta.namespace),
        }
    }

    /// Other policies that may have been in force on a service port and would have done something else there.
    pub(super) fn rivals(&self, service: &Service, port: &ServicePort) -> Vec<Rival<'a>> {
        let matching = self.matching(service, port);
        let Some(won) = winner(&matching, self.release) else { return Vec::new() };
        let mut rivals: Vec<Rival<'a>> = Vec::new();
        // ANY policy of the winner's class whose age cannot be compared with the winner's may have won.
        for other in &matching {
            let comparable = other.policy.meta.created.is_some() && won.policy.meta.created.is_some();
            let same_class =
                self.release == SourceRelease::V1_4 || other.target.ports.is_empty() == won.target.ports.is_empty();
            if !comparable && same_class && !same_effect(other.policy, won.policy) {
                rivals.push(Rival { policy: other.policy, doubt: Doubt::Order });
            }
        }
        let other_release = match self.release {
            SourceRelease::V1_4 => SourceRelease::V1_5,
            SourceRelease::V1_5 => SourceRelease::V1_4,
        };
        if let Some(other) = winner(&matching, other_release)
            && !same_effect(other.policy, won.policy)
            && !rivals.iter().any(|rival| same_object(rival.policy, other.policy))
        {
            rivals.push(Rival { policy: other.policy, doubt: Doubt::Release });
        }
        rivals.dedup_by(|a, b| same_object(a.policy, b.policy) && a.doubt == b.doubt);
        rivals
    }

    /// Other policies for a service port that ask the same as the one in force, each with its first target there.
    pub(super) fn agreeing(
        &self,
        service: &Service,
        port: &ServicePort,
        in_force: &AuthenticationPolicy,
    ) -> Vec<PolicyTarget<'a>> {
        let mut agreeing = self.matching(service, port);
        agreeing.retain(|other| !same_object(other.policy, in_force) && same_effect(other.policy, in_force));
        agreeing.dedup_by(|a, b| same_object(a.policy, b.policy));
        agreeing
    }

    /// The targets that match a service port, in order of age.
    fn matching(&self, service: &Service, port: &ServicePort) -> Vec<PolicyTarget<'a>> {
        let key = (service.meta.namespace.as_str(), service.meta.name.as_str());
        let named = self.by_service.get(&key).map(Vec::as_slice).unwrap_or_default();
        named.iter().copied().filter(|candidate| covers(candidate.target, port)).collect()
    }
}

/// The target that decides, among those that match a port, in order of age.
fn winner<'a>(matching: &[PolicyTarget<'a>], release: SourceRelease) -> Option<PolicyTarget<'a>> {
    let port_specific = |candidate: &&PolicyTarget<'a>| !candidate.target.ports.is_empty();
    match release {
        SourceRelease::V1_4 => matching.first(),
        SourceRelease::V1_5 => matching.iter().find(port_specific).or(matching.first()),
    }
    .copied()
}

/// True when a target speaks of this service port: it lists none, or ANY of its selectors matches.
pub(super) fn covers(target: &Target, port: &ServicePort) -> bool {
    target.ports.is_empty() || target.ports.iter().any(|selector| selects_port(selector, port))
}

/// True when a port selector means this **service** port. Names are compared exactly (E24).
pub(super) fn selects_port(selector: &PortSelector, port: &ServicePort) -> bool {
    match selector {
        PortSelector::Number(number, _) => *number == port.port,
        PortSelector::Name(name, _) => *name == port.name,
    }
}

/// True for a MeshPolicy, whatever namespace it claims (E92).
pub(super) fn is_mesh_policy(policy: &AuthenticationPolicy) -> bool {
    policy.meta.kind == "MeshPolicy"
}

/// Istio's order: by creation time, then by the text `name.namespace` (in which `a-b.foo` comes before `a.foo`, E21).
fn age(policy: &AuthenticationPolicy) -> (bool, Option<String>, String) {
    let created = policy.meta.created.clone();
    (created.is_none(), created, format!("{}.{}", policy.meta.name, policy.meta.namespace))
}

/// What a port without any policy did (`meaning/authn.md` §2.4).
pub(super) fn default_mode(release: SourceRelease) -> MtlsMode {
    match release {
        SourceRelease::V1_4 => MtlsMode::Disable,
        SourceRelease::V1_5 => MtlsMode::Permissive,
    }
}

/// True when two policies ask the same of a caller.
pub(super) fn same_effect(a: &AuthenticationPolicy, b: &AuthenticationPolicy) -> bool {
    mode(a) == mode(b) && JwtMeaning::of(a) == JwtMeaning::of(b)
}

/// True when `other` asks at least as much as `policy` in every respect, so that taking `other` opens nothing.
pub(super) fn at_least_as_strict(other: &AuthenticationPolicy, policy: &AuthenticationPolicy) -> bool {
    let (theirs, ours) = (JwtMeaning::of(other), JwtMeaning::of(policy));
    mode(other).takes_no_more_than(mode(policy)) && (theirs == ours || !ours.demands_token())
}

/// True when two references mean one object: every policy is read from a manifest of its own.
pub(super) fn same_object(a: &AuthenticationPolicy, b: &AuthenticationPolicy) -> bool {
    a.meta.manifest == b.meta.manifest
}
