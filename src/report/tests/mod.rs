//! One small report, shown in every format.

mod diff;
mod explain;
mod github;
mod json;
mod markdown;
mod sarif;
mod text;

use super::model::*;
use crate::finding::{Code, Direction, Entry, Finding, ObjectRef, Place, Severity, Span};

static UNKNOWN_SERVICE: Entry = Entry {
    code: "sample-unknown-service",
    title: "a role that names a service nobody declares",
    severity: Severity::Error,
    direction: Direction::None,
    cause: "The role names a service, and no Service of that name was read.",
    risk: "Without the Service nobody can say which pods the role protects.",
    remedy: "Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml.",
};

static HOST_CASE: Entry = Entry {
    code: "sample-host-case",
    title: "hosts that now ignore case",
    severity: Severity::Warning,
    direction: Direction::Wider,
    cause: "Old rules compared hosts with case, new rules do not.",
    risk: "A request whose host differs only in case is allowed.",
    remedy: "Accept it with --allow sample-host-case, or use --strict.",
};

static NOTHING_READ: Entry = Entry {
    code: "sample-no-inventory",
    title: "a run without an inventory",
    severity: Severity::Note,
    direction: Direction::None,
    cause: "No Service and no workload was read.",
    risk: "Roles that name services cannot be placed.",
    remedy: "Add --inventory.",
};

const ROLES: &str = "\
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata:
  name: viewer
  namespace: shop
spec:
  rules:
  - services: [\"cart.shop.svc.cluster.local\"]
    methods: [GET]
    constraints:
    - key: request.headers[:authority]
      values: [Cart.Shop]
";

const BINDING: &str = "\
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata:
  name: viewers
  namespace: shop
spec:
  subjects:
  - user: cluster.local/ns/web/sa/front
  roleRef: {kind: ServiceRole, name: viewer}
";

const POLICY: &str = "\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: viewer
  namespace: shop
spec:
  rules:
  - to:
    - operation:
        methods: [GET]
";

/// The place of the first `text` in `source`.
fn place(file: &str, source: &str, text: &str) -> Place {
    let start = source.find(text).expect("the sample holds the text");
    let before = &source[..start];
    Place {
        file: file.into(),
        line: before.matches('\n').count() + 1,
        column: start - before.rfind('\n').map_or(0, |n| n + 1) + 1,
        span: Span { start, end: start + text.len() },
    }
}

fn object(kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::new(kind, namespace, name)
}

fn verification(name: &str, port: Option<u16>, verdict: Verdict) -> Verification {
    Verification {
        unseen_service: false,
        workload: object("Deployment", "shop", name),
        port,
        transport: Transport::Http,
        verdict,
        relaxations: Default::default(),
        witness: Witnesses::default(),
        stand_in: false,
        undecided: None,
    }
}

fn witness() -> Witness {
    Witness {
        request: [
            ("from", "cluster.local/ns/web/sa/front over mutual TLS"),
            ("method", "GET"),
            ("path", "/v1/items"),
            ("header x-env", "prod|`x`"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        curl: Some("curl -H 'x-env: prod|`x`' http://cart.shop:8080/v1/items".to_owned()),
        before: Decision { allowed: false, reason: "no rule of any ServiceRole matches".to_owned(), at: None },
        after: Decision {
            allowed: true,
            reason: "rule 1 of AuthorizationPolicy shop/viewer".to_owned(),
            at: Some((object("AuthorizationPolicy", "shop", "viewer"), place("roles.yaml", POLICY, "- to"))),
        },
    }
}

/// A report with something of everything: a merge, an inert object, findings with and without places, a difference.
fn sample() -> Report {
    let mut report = Report {
        summary: Summary {
            files: 2,
            documents: 3,
            legacy: 4,
            converted: 2,
            refused: 1,
            inert: 1,
            generated: 1,
            skipped: 0,
        },
        conversions: vec![
            Conversion {
                from: vec![
                    OldObject {
                        file: "roles.yaml".into(),
                        line: 1,
                        object: object("ServiceRole", "shop", "viewer"),
                        text: ROLES.into(),
                    },
                    OldObject {
                        file: "web/bindings.yaml".into(),
                        line: 1,
                        object: object("ServiceRoleBinding", "shop", "viewers"),
                        text: BINDING.into(),
                    },
                ],
                to: vec![NewObject {
                    object: object("AuthorizationPolicy", "shop", "viewer"),
                    file: "roles.yaml".into(),
                    line: 1,
                    text: POLICY.into(),
                }],
                inert: None,
            },
            Conversion {
                from: vec![OldObject {
                    file: "web/bindings.yaml".into(),
                    line: 12,
                    object: object("RbacConfig", "shop", "default"),
                    text: "kind: RbacConfig\nmetadata:\n  name: default\n".into(),
                }],
                to: vec![],
                inert: Some("Istio 1.5 reads only ClusterRbacConfig.".into()),
            },
        ],
        findings: vec![
            Finding::new(
                Code::of(&UNKNOWN_SERVICE),
                "ServiceRole shop/viewer names the service \"cart.shop.svc.cluster.local\", and no Service of that name was read.",
            )
            .at(place("roles.yaml", ROLES, "\"cart.shop.svc.cluster.local\""))
            .on(object("ServiceRole", "shop", "viewer"))
            .related(place("web/bindings.yaml", BINDING, "name: viewer}"), "bound here")
            .related(place("roles.yaml", ROLES, "methods: [GET]"), "the role allows this"),
            Finding::new(Code::of(&HOST_CASE), "The host \"Cart.Shop\" is compared without case, 100% of the time.")
                .at(place("roles.yaml", ROLES, "Cart.Shop")),
            Finding::new(Code::of(&HOST_CASE), "The host \"API\" is compared without case.")
                .at(Place { file: "not-kept.yaml".into(), line: 7, column: 3, span: Span { start: 90, end: 93 } }),
            Finding::new(Code::of(&NOTHING_READ), "No Service and no workload was read."),
        ],
        verification: vec![
            Verification {
                relaxations: ["query-string".to_owned()].into(),
                ..verification("cart", Some(9090), Verdict::Equal)
            },
            Verification {
                witness: Witnesses { wider: Some(witness()), narrower: None },
                ..verification("cart", Some(8080), Verdict::Wider)
            },
            Verification {
                transport: Transport::Tcp,
                undecided: Some(Undecided::OutOfBudget { at: "440 prefixes and 440 suffixes of the path".into(), sampled: 10_000 }),
                ..verification("front", None, Verdict::Undecided)
            },
        ],
        files: vec![FileChange { path: "roles.yaml".into(), old: ROLES.into(), new: POLICY.into() }],
        sources: [("roles.yaml", ROLES), ("web/bindings.yaml", BINDING)]
            .map(|(file, text)| (file.into(), text.into()))
            .into(),
        ..Report::default()
    };
    report.sort();
    report
}

/// The sample as `meshlift verify BEFORE AFTER` would give it: nothing converted, only compared.
fn comparison() -> Report {
    let mut report = sample();
    report.purpose = Purpose::Compare;
    report.summary = Summary { files: 4, documents: 9, legacy: 2, ..Summary::default() };
    report.conversions.clear();
    report.findings.clear();
    report.files.clear();
    report
}
