//! The edge cases of `meaning/authn.md` §5 that reach the converter.

mod destination_rules;
mod jwt;
mod mtls;

use super::convert;
use crate::convert::mapped::Mapped;
use crate::convert::{Context, NewKind, Options, Part, demands};
use crate::finding::{Code, Finding};
use crate::mapping::Mappings;
use crate::mesh::{BuildOptions, Completeness, Environment, SourceRelease, Version, build, testing};
use expect_test::Expect;
use std::fmt::Write;

/// How a case is converted.
#[derive(Clone)]
struct Case {
    build: BuildOptions,
    options: Options,
}

impl Case {
    fn new() -> Case {
        let mut build = testing::options();
        build.complete = Completeness::All;
        Case { build, options: Options::default() }
    }

    /// Istio 1.4 in place of 1.5.
    fn on_1_4(mut self) -> Case {
        self.build.settings.source = SourceRelease::V1_4;
        self
    }

    fn to(mut self, minor: u16) -> Case {
        self.build.settings.target = Version::minor(minor);
        self
    }

    /// The input may not hold everything.
    fn incomplete(mut self) -> Case {
        self.build.complete = Completeness::Open;
        self
    }

    fn permissive(mut self) -> Case {
        self.options.plaintext_permissive = true;
        self
    }

    fn allow(mut self, code: &str) -> Case {
        self.options.allow.extend(Code::find(code));
        self
    }

    fn with(mut self, change: impl FnOnce(&mut BuildOptions)) -> Case {
        change(&mut self.build);
        self
    }

    /// Converts a YAML stream and compares the objects and the findings.
    fn check(&self, yaml: &str, expected: &Expect) {
        expected.assert_eq(&self.shown(yaml));
    }

    /// The objects and the findings, one per line.
    fn shown(&self, yaml: &str) -> String {
        let mut shown = String::new();
        self.parts(yaml).iter().for_each(|part| show(part, &mut shown));
        shown
    }

    /// The findings about a YAML stream.
    fn findings(&self, yaml: &str) -> Vec<Finding> {
        self.parts(yaml).into_iter().flat_map(|part| part.ledger.findings().to_vec()).collect()
    }

    fn parts(&self, yaml: &str) -> Vec<Part> {
        let world = build(testing::inputs(&[("input.yaml", yaml)]), &self.build);
        let mappings = Mappings::embedded();
        let part = |environment: &Environment| {
            convert(Context {
                mesh: &environment.mesh,
                manifests: &world.manifests,
                mapped: &Mapped::new(&mappings, &world.manifests, &world.legacy, self.options.strict),
                options: &self.options,
            })
        };
        world.environments.iter().map(part).collect()
    }
}

fn check(yaml: &str, expected: &Expect) {
    Case::new().check(yaml, expected);
}

fn show(part: &Part, shown: &mut String) {
    for draft in &part.drafts {
        let kind = match draft.kind {
            NewKind::Peer => "PeerAuthentication",
            NewKind::Request => "RequestAuthentication",
            NewKind::Authorization => "AuthorizationPolicy",
        };
        let said = demands::said(draft.kind, &draft.spec, &draft.comment);
        let _ = writeln!(shown, "{kind} {}/{} {said}", draft.namespace, draft.name);
    }
    let mut findings = part.ledger.findings().to_vec();
    crate::finding::sort(&mut findings);
    for finding in &findings {
        let _ = writeln!(shown, "{} {} {}", finding.code, finding.severity.word(), finding.direction.word());
    }
}

/// The Service of the conventions of §5: port 80 `http` to container port 8080 of `app: web`, in namespace `foo`.
const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: foo}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
";

/// Joins documents.
fn all(documents: &[&str]) -> String {
    documents.join("\n---\n")
}

fn policy(name: &str, spec: &str) -> String {
    policy_in("foo", name, spec)
}

fn policy_in(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn dated_policy(name: &str, created: &str, spec: &str) -> String {
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: {name}, namespace: foo, creationTimestamp: \"{created}\"}}\nspec: {spec}\n"
    )
}

fn mesh_policy(spec: &str) -> String {
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {{name: default}}\nspec: {spec}\n"
    )
}

fn service(name: &str, selector: &str, ports: &str) -> String {
    service_in("foo", name, selector, ports)
}

fn service_in(namespace: &str, name: &str, selector: &str, ports: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{selector: {{{selector}}}, ports: [{ports}]}}\n"
    )
}

fn deployment(name: &str, labels: &str, ports: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: foo}}\nspec: {{selector: {{matchLabels: {{{labels}}}}}, template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: main, ports: [{ports}]}}]}}}}}}\n"
    )
}
