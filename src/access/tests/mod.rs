//! Tests of the whole room: meshes from YAML, requests, verdicts.

mod added_keys;
mod ambient;
mod authn;
mod brute_force;
pub mod classes;
mod corrections;
mod rbac;
mod requests;
mod verdicts;

use super::logic::formula::Formulas;
use super::logic::request::Request;
use super::question::inventory::{self, Question};
use super::worlds::decide::Ruling;
use super::worlds::{legacy, modern};
use super::{Budget, Doubt, Options, Outcome, Relaxation, Side, Transport, Verdict, World, prove};
use crate::mesh::testing::mesh;
use crate::mesh::{Completeness, Evidence, Mesh, SourceRelease};
use std::collections::BTreeSet;

/// The default world of the RBAC spec: INCLUSION of `default`, Service `app` 80 -> 8080, HTTP.
pub const APP: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: app, namespace: default}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
"#;

/// RBAC on in `default`.
pub const INCLUDED: &str = r#"
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: {name: default}
spec: {mode: ON_WITH_INCLUSION, inclusion: {namespaces: [default]}}
"#;

/// The new form of [`INCLUDED`].
pub const DENY_DEFAULT: &str = r#"
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: default-deny, namespace: default}
spec: {}
"#;

/// Peer identities that most tests use.
pub const X: &str = "cluster.local/ns/web/sa/x";
/// Another one.
pub const Y: &str = "cluster.local/ns/web/sa/y";

/// Joins documents to one stream.
pub fn stream(documents: &[&str]) -> String {
    documents.join("\n---\n")
}

/// A ServiceRole and its binding; both specs in flow style.
pub fn role(rules: &str, subjects: &str) -> String {
    format!(
        r#"
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {{name: role, namespace: default}}
spec: {{rules: {rules}}}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {{name: binding, namespace: default}}
spec: {{subjects: {subjects}, roleRef: {{kind: ServiceRole, name: role}}}}
"#
    )
}

/// An AuthorizationPolicy; its spec in flow style.
pub fn policy(name: &str, spec: &str) -> String {
    format!(
        r#"
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: default}}
spec: {spec}
"#
    )
}

/// Any object in flow style.
pub fn object(api: &str, kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    let namespace = if namespace.is_empty() { String::new() } else { format!("namespace: {namespace}, ") };
    format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{{namespace}name: {name}}}\nspec: {spec}\n")
}

/// Both sides of a comparison.
pub struct Sides {
    /// Enforced by the source release.
    pub old: Mesh,
    /// Enforced by the target release.
    pub new: Mesh,
}

/// Both sides from YAML; the old documents hold the Services, all of them.
pub fn sides(old: &[&str], new: &[&str]) -> Sides {
    let closed = Evidence::new(&Completeness::All, &BTreeSet::new());
    let side = |documents: &[&str]| {
        let mut mesh = mesh(&stream(documents));
        mesh.evidence = closed.clone();
        mesh
    };
    Sides { old: side(old), new: side(new) }
}

impl Sides {
    /// The same where other Services may exist than those shown.
    pub fn open(mut self) -> Sides {
        self.old.evidence = Evidence::default();
        self
    }

    /// The same on release 1.4.
    pub fn on_1_4(mut self) -> Sides {
        self.old.settings.source = SourceRelease::V1_4;
        self
    }

    /// Changes the settings of both sides.
    pub fn settings(mut self, change: impl Fn(&mut crate::mesh::Settings)) -> Sides {
        change(&mut self.old.settings);
        change(&mut self.new.settings);
        self
    }

    fn sides(&self) -> (Side<'_>, Side<'_>) {
        (Side { mesh: &self.old, world: World::Source }, Side { mesh: &self.new, world: World::Target })
    }

    /// All verdicts.
    pub fn prove(&self, strict: bool) -> Vec<Verdict> {
        let (old, new) = self.sides();
        prove(old, new, &Options { strict, budget: Budget::default() })
    }

    /// The verdict for a port of the only workload.
    pub fn at(&self, port: u16, transport: Transport, strict: bool) -> Verdict {
        let verdicts = self.prove(strict);
        let wanted = |verdict: &&Verdict| verdict.port == Some(port) && verdict.transport == transport;
        verdicts.iter().find(wanted).unwrap_or_else(|| panic!("no verdict for {port}: {verdicts:?}")).clone()
    }

    /// The verdict for HTTP on 8080 with relaxations.
    pub fn http(&self) -> Verdict {
        self.at(8080, Transport::Http, false)
    }

    /// Asserts the verdict for HTTP on 8080.
    pub fn expect(&self, outcome: Outcome, relaxations: &[Relaxation]) {
        let verdict = self.http();
        assert_eq!(verdict.outcome, outcome, "{verdict:#?}");
        assert_eq!(verdict.relaxations, relaxations.iter().copied().collect::<BTreeSet<_>>(), "{verdict:#?}");
    }

    /// What both sides decide about a request to a port.
    pub fn decide(&self, port: Option<u16>, request: &Request) -> (bool, bool) {
        let (before, after) = self.sides();
        let pods = inventory::pods(&before, &after);
        let services = inventory::services(&before, &after);
        let ports = services.governed_ports(&pods[0].before);
        let traffic = if request.full_path().is_some() { Transport::Http } else { Transport::Tcp };
        let question = inventory::questions(&pods[0], World::Source, World::Target, services, (&ports, &[]))
            .into_iter()
            .find(|question| question.before.port == port && question.before.traffic == traffic)
            .expect("the port is asked about");
        let mut f = Formulas::default();
        let (old, new) = self.rulings(&mut f, &question);
        let mut decided = |ruling: &Ruling| {
            let allows = ruling.allows(&mut f);
            let clause = ruling.decide(&f, request);
            assert_eq!(f.holds(allows, request), clause.allowed, "clauses and formula disagree: {}", clause.reason);
            clause.allowed
        };
        (decided(&old), decided(&new))
    }

    fn rulings(&self, f: &mut Formulas, question: &Question<'_>) -> (Ruling, Ruling) {
        (legacy::ruling(f, &self.old, &question.before), modern::ruling(f, &self.new, &question.after))
    }

    /// Asserts what the old and the new side decide about a request to 8080.
    pub fn check(&self, request: Request, old: bool, new: bool) {
        assert_eq!(self.decide(Some(8080), &request), (old, new), "{request:?}");
    }
}
