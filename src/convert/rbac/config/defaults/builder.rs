//! The default policies in the making, and what all of them need.

use crate::api::core::Service;
use crate::api::{Labels, ManifestId};
use crate::convert::rbac::config::defaults::findings;
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::findings::{two_versions, unknown_service};
use crate::convert::rbac::place::services;
use crate::convert::rbac::place::survey::{Pod, Survey};
use crate::convert::rbac::place::targets::root_selector;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::roles::draft;
use crate::convert::{Context, Draft};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Direction, Finding, Place, Severity};
use crate::mesh::Lookup;

/// The policies that the config becomes.
#[derive(Debug, Default)]
pub struct Converted {
    /// The policies.
    pub drafts: Vec<Draft>,
    /// What there is to say. Errors refuse the config, and with it every RBAC object.
    pub findings: Vec<Finding>,
    /// What the policies take for granted.
    pub assumptions: Vec<Assumption>,
    /// Something is denied by default, so pods and ports that no Service declares are too.
    pub closes: bool,
}

/// The default policies in the making.
pub struct Builder<'a> {
    pub context: Context<'a>,
    pub scope: Scope<'a>,
    pub survey: &'a Survey<'a>,
    pub from: Vec<ManifestId>,
    pub fenced: bool,
    /// Pods that a default denial selects.
    pub closed: Vec<Selection<'a>>,
    /// Pods whose undeclared ports the result keeps open.
    pub kept_open: Vec<Selection<'a>>,
    pub converted: Converted,
}

/// Some pods.
pub struct Selection<'a> {
    /// `None` is every namespace.
    pub namespace: Option<&'a str>,
    /// `None` is every pod.
    pub selector: Option<&'a Labels>,
}

/// True when ANY of the selections holds the pod.
pub fn selected(selections: &[Selection<'_>], pod: &Pod<'_>) -> bool {
    selections.iter().any(|selection| {
        selection.namespace.is_none_or(|namespace| namespace == pod.namespace())
            && selection.selector.is_none_or(|selector| crate::mesh::selects(selector, &pod.workload.pod_labels))
    })
}

impl<'a> Builder<'a> {
    pub fn root(&self) -> &'a str {
        &self.scope.mesh.settings.root_namespace
    }

    pub fn tell(&mut self, at: &Place, finding: Finding) {
        self.converted.findings.push(finding.at(at.clone()).on(self.scope.config.meta.object()));
    }

    pub fn add(&mut self, namespace: &str, name: &str, spec: crate::yaml::Tree) {
        self.converted.drafts.push(draft(namespace, name, self.from.clone(), spec));
    }

    /// In the root namespace the selector of `name` must not reach into other namespaces; `direction` is what it would do
    /// there.
    pub fn check_root(&mut self, (namespace, name): (&str, &str), selector: &Labels, at: &Place, direction: Direction) {
        if namespace != self.root() {
            return;
        }
        let view = NamespaceView { context: self.context, scope: self.scope, survey: self.survey, namespace };
        let finding = root_selector(view, name, selector);
        let direction = if finding.refuses() { direction } else { finding.direction };
        // A denial that reaches unseen pods too closes and opens nothing.
        let only_closes = direction == Direction::Narrower && finding.code == codes::ROOT_SELECTOR;
        let severity = if only_closes { Severity::Warning } else { finding.severity };
        self.tell(at, finding.direction(direction).severity(severity));
    }

    /// Two services with one selector need one policy.
    pub fn add_once(&mut self, namespace: &str, name: &str, spec: crate::yaml::Tree) {
        if !self.converted.drafts.iter().any(|known| known.namespace == namespace && known.spec == spec) {
            self.add(namespace, name, spec);
        }
    }

    /// The service that a list entry names. Entries are compared with host names, literally (E08).
    pub fn find(&mut self, host: &str, at: &Place) -> Option<&'a Service> {
        let mesh = self.scope.mesh;
        let Some((name, namespace)) = services::split_host(host, &mesh.settings.cluster_domain) else {
            self.tell(at, findings::no_host_name(host, &mesh.settings.cluster_domain));
            return None;
        };
        let finding = match mesh.service(namespace, name) {
            Lookup::Found(service) => return Some(service),
            Lookup::Absent => Finding::new(codes::CONFIG_NAMES_NO_SERVICE, format!("There is no Service `{host}`.")),
            Lookup::Unknown => unknown_service(namespace, name),
            Lookup::Ambiguous(one, other) => two_versions(one, other),
        };
        self.tell(at, finding);
        None
    }
}

/// A name that a namespace can have; the config knows no patterns.
pub fn is_namespace(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
