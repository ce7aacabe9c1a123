//! AuthorizationPolicy (`meaning/rbac.md` §4).

use crate::api::{Labels, Meta};
use crate::finding::{ObjectRef, Place};

/// An AuthorizationPolicy of `security.istio.io`.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationPolicy {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.selector.matchLabels`; empty when absent, which selects the whole namespace.
    pub selector: Labels,
    /// True when `targetRef`/`targetRefs` are used: no effect on sidecars.
    pub target_refs: bool,
    /// What they name.
    pub attached_to: Vec<ObjectRef>,
    /// What a match does.
    pub action: Action,
    /// Annotation `istio.io/dry-run: "true"` (or what else Go reads as true): not enforced by releases from 1.10 on;
    /// earlier ones do not know the annotation.
    pub dry_run: bool,
    /// `spec.rules`. Empty with ALLOW selects and never matches: deny by default.
    pub rules: Vec<PolicyRule>,
}

/// What a matching policy does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Grants.
    Allow,
    /// Refuses, before any ALLOW is looked at.
    Deny,
    /// Logs only.
    Audit,
    /// Asks the named provider.
    Custom(String),
}

/// One rule: `from` AND `to` AND `when`; entries of `from` and of `to` are ORed, entries of `when` are ANDed.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRule {
    /// Where.
    pub place: Place,
    /// Sources; empty means any.
    pub from: Vec<Source>,
    /// Operations; empty means any.
    pub to: Vec<Operation>,
    /// Conditions; all must hold.
    pub when: Vec<Condition>,
}

/// A field with its negated twin: `values` (ORed, empty means unconstrained) and `not` (none may match).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Field {
    /// Any of these, unless empty.
    pub values: Vec<String>,
    /// None of these.
    pub not: Vec<String>,
}

impl Field {
    /// True when the field constrains nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.not.is_empty()
    }
}

/// One entry of `from`; all fields must hold.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Source {
    /// `principals` / `notPrincipals`, without `spiffe://`.
    pub principals: Field,
    /// `requestPrincipals` / `notRequestPrincipals`.
    pub request_principals: Field,
    /// `namespaces` / `notNamespaces`.
    pub namespaces: Field,
    /// `ipBlocks` / `notIpBlocks`.
    pub ip_blocks: Field,
    /// `remoteIpBlocks` / `notRemoteIpBlocks`.
    pub remote_ip_blocks: Field,
    /// `serviceAccounts` / `notServiceAccounts`: `NAMESPACE/NAME`, or a name in the policy's namespace. From 1.25 on.
    pub service_accounts: Field,
    /// `trustDomains` / `notTrustDomains` of the peer. From 1.30 on.
    pub trust_domains: Field,
}

/// One entry of `to`; all fields must hold.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Operation {
    /// `hosts` / `notHosts`.
    pub hosts: Field,
    /// `ports` / `notPorts`: **container** ports as decimal strings.
    pub ports: Field,
    /// `methods` / `notMethods`.
    pub methods: Field,
    /// `paths` / `notPaths`: without the query.
    pub paths: Field,
}

/// One entry of `when`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// For example `request.headers[x-env]`.
    pub key: String,
    /// `values` / `notValues`.
    pub field: Field,
}
