//! What is known not to exist (`meaning/knowledge.md` §2). What is not in the input is unknown, not absent: absence is concluded
//! only from evidence, and only here.
//!
//! A kind is **closed** when the user has said that there is nothing beside the input: by name, for the kinds that the
//! input shows, or for all. Every other kind is **open**. An open kind leads to a form that is right either way, to an
//! assumption, or to a refusal; never to silence.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The kinds of which absence decides something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the kind of that name")]
pub enum InventoryKind {
    MeshPolicy,
    Policy,
    ClusterRbacConfig,
    RbacConfig,
    ServiceRole,
    ServiceRoleBinding,
    PeerAuthentication,
    RequestAuthentication,
    AuthorizationPolicy,
    Namespace,
    Service,
    /// Everything that makes pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, Pod.
    Workload,
    Sidecar,
    ServiceEntry,
    DestinationRule,
}

impl InventoryKind {
    /// All of them, in the order of the dump command.
    pub const ALL: [InventoryKind; 15] = [
        InventoryKind::MeshPolicy,
        InventoryKind::Policy,
        InventoryKind::ClusterRbacConfig,
        InventoryKind::RbacConfig,
        InventoryKind::ServiceRole,
        InventoryKind::ServiceRoleBinding,
        InventoryKind::PeerAuthentication,
        InventoryKind::RequestAuthentication,
        InventoryKind::AuthorizationPolicy,
        InventoryKind::Namespace,
        InventoryKind::Service,
        InventoryKind::Workload,
        InventoryKind::Sidecar,
        InventoryKind::ServiceEntry,
        InventoryKind::DestinationRule,
    ];

    /// The word on the command line and in `meshlift.yaml`: the plural, in small letters.
    pub fn word(self) -> &'static str {
        match self {
            InventoryKind::MeshPolicy => "meshpolicies",
            InventoryKind::Policy => "policies",
            InventoryKind::ClusterRbacConfig => "clusterrbacconfigs",
            InventoryKind::RbacConfig => "rbacconfigs",
            InventoryKind::ServiceRole => "serviceroles",
            InventoryKind::ServiceRoleBinding => "servicerolebindings",
            InventoryKind::PeerAuthentication => "peerauthentications",
            InventoryKind::RequestAuthentication => "requestauthentications",
            InventoryKind::AuthorizationPolicy => "authorizationpolicies",
            InventoryKind::Namespace => "namespaces",
            InventoryKind::Service => "services",
            InventoryKind::Workload => "workloads",
            InventoryKind::Sidecar => "sidecars",
            InventoryKind::ServiceEntry => "serviceentries",
            InventoryKind::DestinationRule => "destinationrules",
        }
    }

    /// What `kubectl get` has to be asked for: groups are named where another API has the same word.
    pub fn kubectl(self) -> &'static [&'static str] {
        match self {
            InventoryKind::MeshPolicy => &["meshpolicies.authentication.istio.io"],
            InventoryKind::Policy => &["policies.authentication.istio.io"],
            InventoryKind::ClusterRbacConfig => &["clusterrbacconfigs.rbac.istio.io"],
            InventoryKind::RbacConfig => &["rbacconfigs.rbac.istio.io"],
            InventoryKind::ServiceRole => &["serviceroles.rbac.istio.io"],
            InventoryKind::ServiceRoleBinding => &["servicerolebindings.rbac.istio.io"],
            InventoryKind::PeerAuthentication => &["peerauthentications.security.istio.io"],
            InventoryKind::RequestAuthentication => &["requestauthentications.security.istio.io"],
            InventoryKind::AuthorizationPolicy => &["authorizationpolicies.security.istio.io"],
            InventoryKind::Namespace => &["namespaces"],
            InventoryKind::Service => &["services"],
            InventoryKind::Workload => &[
                "deployments.apps",
                "statefulsets.apps",
                "daemonsets.apps",
                "replicasets.apps",
                "replicationcontrollers",
                "jobs.batch",
                "cronjobs.batch",
                "pods",
            ],
            InventoryKind::Sidecar => &["sidecars.networking.istio.io"],
            InventoryKind::ServiceEntry => &["serviceentries.networking.istio.io"],
            InventoryKind::DestinationRule => &["destinationrules.networking.istio.io"],
        }
    }
}

impl fmt::Display for InventoryKind {
    /// As a sentence names the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InventoryKind::Workload => f.write_str("workload"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for InventoryKind {
    type Err = String;

    /// Reads the plural or the kind's own name, in any case.
    fn from_str(text: &str) -> Result<InventoryKind, String> {
        let asked = text.trim().to_ascii_lowercase();
        let named = |kind: &InventoryKind| asked == kind.word() || asked == kind.to_string().to_ascii_lowercase();
        InventoryKind::ALL.into_iter().find(named).ok_or_else(|| {
            let part_of_workloads = |name: &&&str| name.split('.').next() == Some(asked.as_str());
            if InventoryKind::Workload.kubectl().iter().find(part_of_workloads).is_some() {
                return format!(
                    "`{text}` are only some of the objects that make pods; when all of them are here, say `workloads`"
                );
            }
            let known: Vec<&str> = InventoryKind::ALL.iter().map(|kind| kind.word()).collect();
            format!("`{text}` is not a kind whose absence matters; these are: {}, or `all`", known.join(", "))
        })
    }
}

/// The one command that shows these kinds.
pub fn kubectl_get_all(kinds: impl IntoIterator<Item = InventoryKind>) -> String {
    let names: Vec<&str> = kinds.into_iter().flat_map(|kind| kind.kubectl().iter().copied()).collect();
    format!("kubectl get {} -A -o yaml", names.join(","))
}

/// What the user says about the input (`--inventory-complete`, `inventory: complete:`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing: any object may exist that is not here.
    #[default]
    Open,
    /// Of the kinds that the input shows at least one object of, there is nothing else.
    Shown,
    /// Of these kinds there is nothing else.
    Kinds(BTreeSet<InventoryKind>),
    /// There is nothing else at all.
    All,
}

impl Completeness {
    /// Both of two statements together.
    #[must_use]
    pub fn and(self, other: Completeness) -> Completeness {
        match (self, other) {
            (Completeness::All, _) | (_, Completeness::All) => Completeness::All,
            (Completeness::Kinds(a), Completeness::Kinds(b)) => Completeness::Kinds(a.union(&b).copied().collect()),
            // The wider statement of the two: kinds that are named are usually also shown.
            (Completeness::Kinds(kinds), _) | (_, Completeness::Kinds(kinds)) => Completeness::Kinds(kinds),
            (Completeness::Shown, _) | (_, Completeness::Shown) => Completeness::Shown,
            (Completeness::Open, Completeness::Open) => Completeness::Open,
        }
    }
}

impl FromStr for Completeness {
    type Err = String;

    /// `shown`, `all`, or kinds separated by commas.
    fn from_str(text: &str) -> Result<Completeness, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "shown" => Ok(Completeness::Shown),
            "all" => Ok(Completeness::All),
            _ => text.split(',').map(str::parse).collect::<Result<_, _>>().map(Completeness::Kinds),
        }
    }
}

/// The answer to "is it absent?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// What the input does not show does not exist.
    Proven,
    /// It may exist.
    Open,
}

/// What is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    closed: BTreeSet<InventoryKind>,
}

impl Evidence {
    /// Evidence from what the user says and from the kinds that the input shows.
    pub fn new(said: &Completeness, shown: &BTreeSet<InventoryKind>) -> Evidence {
        let closed = match said {
            Completeness::Open => BTreeSet::new(),
            Completeness::Shown => shown.clone(),
            Completeness::Kinds(kinds) => kinds.clone(),
            Completeness::All => InventoryKind::ALL.into(),
        };
        Evidence { closed }
    }

    /// Does an object of this kind that the input does not show exist?
    pub fn absence_of(&self, kind: InventoryKind) -> Absence {
        if self.closed.contains(&kind) { Absence::Proven } else { Absence::Open }
    }

    /// True when ALL of these kinds are closed.
    pub fn closes(&self, kinds: &[InventoryKind]) -> bool {
        kinds.iter().all(|kind| self.absence_of(*kind) == Absence::Proven)
    }
}

/// The kinds that matter for converting old objects of the kinds `old` and that neither the user nor the input closes,
/// where the user has said no more than `--inventory-complete`: an empty answer is evidence only if the question was asked.
pub fn not_shown(old: &BTreeSet<InventoryKind>, evidence: &Evidence) -> Vec<InventoryKind> {
    use InventoryKind as Kind;
    let authentication = old.contains(&Kind::MeshPolicy) || old.contains(&Kind::Policy);
    let rbac = [Kind::ClusterRbacConfig, Kind::RbacConfig, Kind::ServiceRole, Kind::ServiceRoleBinding]
        .iter()
        .any(|kind| old.contains(kind));
    let mut matter = BTreeSet::new();
    if authentication || rbac {
        matter.extend([Kind::AuthorizationPolicy, Kind::Namespace, Kind::Service, Kind::Workload]);
        matter.extend([Kind::Sidecar, Kind::ServiceEntry]);
    }
    if authentication {
        matter.extend([Kind::PeerAuthentication, Kind::RequestAuthentication, Kind::DestinationRule]);
    }
    matter.into_iter().filter(|kind| evidence.absence_of(*kind) == Absence::Open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_plural_and_by_name() {
        assert_eq!("services".parse(), Ok(InventoryKind::Service));
        assert_eq!("ServiceRole".parse(), Ok(InventoryKind::ServiceRole));
        assert!("deployments".parse::<InventoryKind>().is_err_and(|error| error.contains("say `workloads`")));
        assert!("pigs".parse::<InventoryKind>().is_err_and(|error| error.contains("or `all`")));
    }

    #[test]
    fn bare_completeness_closes_what_is_shown() {
        let evidence = Evidence::new(&Completeness::Shown, &BTreeSet::from([InventoryKind::Service]));
        assert!(evidence.closes(&[InventoryKind::Service]));
        assert_eq!(evidence.absence_of(InventoryKind::AuthorizationPolicy), Absence::Open);
    }

    #[test]
    fn named_kinds_are_closed_whether_shown_or_not() {
        let said: Completeness = "services,Sidecar".parse().expect("kinds");
        let evidence = Evidence::new(&said, &BTreeSet::new());
        assert!(evidence.closes(&[InventoryKind::Service, InventoryKind::Sidecar]));
        assert!(!evidence.closes(&[InventoryKind::Service, InventoryKind::Workload]));
    }

    #[test]
    fn what_matters_depends_on_the_old_kinds() {
        let open = |old: InventoryKind| not_shown(&BTreeSet::from([old]), &Evidence::default());
        assert!(open(InventoryKind::Policy).contains(&InventoryKind::PeerAuthentication));
        assert!(!open(InventoryKind::ServiceRole).contains(&InventoryKind::PeerAuthentication));
        assert!(open(InventoryKind::Service).is_empty(), "without old objects nothing is converted");
    }
}
