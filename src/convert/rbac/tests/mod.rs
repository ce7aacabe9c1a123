//! Conversion of whole inputs, by edge case of `meaning/rbac.md` §8. What the output grants is proved elsewhere (`access`);
//! here it is read.

mod config;
mod corrections;
mod defects;
mod examples;
mod roles;
mod rules;
mod services;
mod subjects;

use crate::convert::mapped::Mapped;
use crate::convert::{Context, Options, Part, demands};
use crate::finding::{Code, Finding};
use crate::mapping::Mappings;
use crate::mesh::Completeness;
use crate::mesh::{BuildOptions, World, build, testing};
use crate::yaml::Tree;
use expect_test::Expect;
use std::fmt::Write;

/// How a case is run.
pub(super) struct Run {
    pub build: BuildOptions,
    pub options: Options,
}

/// Default settings on an input that is known to be complete.
pub(super) fn run() -> Run {
    let mut build = testing::options();
    build.complete = Completeness::All;
    Run { build, options: Options::default() }
}

impl Run {
    /// The input may not hold everything.
    pub fn incomplete(mut self) -> Run {
        self.build.complete = Completeness::Open;
        self
    }

    /// The input holds every Service, and perhaps not everything else.
    pub fn with_every_service(mut self) -> Run {
        self.build.complete = Completeness::Kinds([crate::mesh::InventoryKind::Service].into());
        self
    }

    pub fn allow(mut self, code: Code) -> Run {
        self.options.allow.insert(code);
        self
    }

    pub fn with(mut self, change: impl Fn(&mut Run)) -> Run {
        change(&mut self);
        self
    }

    pub fn convert(&self, yaml: &str) -> (World, Part) {
        let world = build(testing::inputs(&[("input.yaml", yaml)]), &self.build);
        let mappings = Mappings::embedded();
        let environment = world.environments.first().expect("one environment");
        let context = Context {
            mesh: &environment.mesh,
            manifests: &world.manifests,
            mapped: &Mapped::new(&mappings, &world.manifests, &world.legacy, self.options.strict),
            options: &self.options,
        };
        let part = super::convert(context);
        (world, part)
    }

    /// Converts and compares the objects (`namespace/name`, then their spec) and the findings (`code@line direction`).
    pub fn check(&self, yaml: &str, expected: Expect) {
        let (world, part) = self.convert(yaml);
        expected.assert_eq(&show(&world, &part));
    }
}

/// Objects and findings as text.
fn show(world: &World, part: &Part) -> String {
    let mut text = String::new();
    let name = |id: &crate::api::ManifestId| {
        let value = world.manifests.get(id.0).map(|input| input.manifest.value().clone()).unwrap_or_default();
        value.pointer("/metadata/name").and_then(|name| name.as_str()).unwrap_or_default().to_owned()
    };
    for draft in &part.drafts {
        let from: Vec<String> = draft.from.iter().map(name).collect();
        let dry = if draft.annotations.is_empty() { "" } else { " (dry run)" };
        let said = demands::said(draft.kind, &draft.spec, &draft.comment);
        writeln!(text, "{}/{} <- {}{dry}: {said}", draft.namespace, draft.name, from.join(", ")).expect("text");
    }
    let mut findings: Vec<&Finding> = part.ledger.findings().iter().collect();
    findings.sort_by_key(|finding| (finding.place.clone(), finding.code));
    for finding in findings {
        let line = finding.place.as_ref().map_or(0, |place| place.line);
        let (word, direction) = (finding.severity.word(), finding.direction.word());
        writeln!(text, "{word} {}@{line} {direction}", finding.code).expect("text");
    }
    for (id, code) in part.ledger.inert_objects() {
        writeln!(text, "inert {} ({code})", name(id)).expect("text");
    }
    for id in part.ledger.refused().keys() {
        writeln!(text, "refused {}", name(id)).expect("text");
    }
    if !part.ledger.relaxations().is_empty() {
        let names: Vec<&str> = part.ledger.relaxations().iter().map(|relaxation| relaxation.name()).collect();
        writeln!(text, "relaxations: {}", names.join(", ")).expect("text");
    }
    text
}

/// The MeshPolicy that the charts of 1.4 installed.
pub(super) const MESH_POLICY: &str = "{apiVersion: authentication.istio.io/v1alpha1, kind: MeshPolicy, metadata: {name: default}, spec: {peers: [{mtls: {mode: PERMISSIVE}}]}}\n";

/// The world of `meaning/rbac.md` §8: INCLUSION of `default`, and the Service `app` there (80 -> 8080, HTTP).
pub(super) fn default_world(rest: &str) -> String {
    format!(
        "{}---\n{}---\n{rest}",
        include("namespaces: [default]"),
        service("app", "app: app", "{name: http, port: 80, targetPort: 8080}")
    )
}

/// A ClusterRbacConfig ON_WITH_INCLUSION.
pub(super) fn include(target: &str) -> String {
    config(&format!("mode: ON_WITH_INCLUSION, inclusion: {{{target}}}"))
}

pub(super) fn config(spec: &str) -> String {
    format!(
        "{{apiVersion: rbac.istio.io/v1alpha1, kind: ClusterRbacConfig, metadata: {{name: default}}, spec: {{{spec}}}}}\n"
    )
}

/// A Service of namespace `default`; `name` may be `namespace/name`.
pub(super) fn service(name: &str, selector: &str, ports: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{selector: {{{selector}}}, ports: [{ports}]}}}}\n"
    )
}

/// A ServiceRole `role` with these rules; `name` may be `namespace/name`.
pub(super) fn role(name: &str, rules: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    format!(
        "{{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRole, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{rules: [{rules}]}}}}\n"
    )
}

/// A ServiceRoleBinding to the role of the same name.
pub(super) fn binding(role: &str, subjects: &str) -> String {
    let (namespace, role) = role.split_once('/').unwrap_or(("default", role));
    format!(
        "{{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRoleBinding, metadata: {{name: bind-{role}, namespace: {namespace}}}, spec: {{subjects: [{subjects}], roleRef: {{kind: ServiceRole, name: {role}}}}}}}\n"
    )
}

/// The default world with a role `r` for `app` and a binding to it.
pub(super) fn app(rule: &str, subject: &str) -> String {
    let rule =
        format!("{{services: [app.default.svc.cluster.local]{}{rule}}}", if rule.is_empty() { "" } else { ", " });
    default_world(&format!("{}---\n{}", role("r", &rule), binding("r", subject)))
}

/// A caller.
pub(super) const X: &str = "{user: cluster.local/ns/a/sa/x}";
