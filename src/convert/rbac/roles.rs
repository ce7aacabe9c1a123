//! A ServiceRole and its bindings: one rule per access rule and subject, one policy per selector (`meaning/rbac.md` §6.7).

use crate::api::{Labels, ManifestId, Meta};
use crate::convert::rbac::bindings::Grant;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::place::destination::Target;
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::ports;
use crate::convert::rbac::place::targets;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::policy;
use crate::convert::rbac::what::access_rule;
use crate::convert::rbac::who::authentication;
use crate::convert::rbac::who::principal_binding;
use crate::convert::rbac::who::subjects;
use crate::convert::{Context, Draft, NewKind};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Code, Direction, Finding, Place, Severity};
use crate::mapping::Applied;
use crate::mesh::SourceRelease;
use std::collections::{BTreeMap, BTreeSet};

/// What a grant becomes.
#[derive(Debug, Default)]
pub struct Converted {
    /// The policies.
    pub drafts: Vec<Draft>,
    /// What there is to say. Errors refuse role and bindings.
    pub findings: Vec<Finding>,
    /// Relaxations used.
    pub relaxations: BTreeSet<String>,
    /// Bindings all of whose subjects matched nobody.
    pub idle: Vec<ManifestId>,
    /// What the policies take for granted.
    pub assumptions: Vec<Assumption>,
}

impl Converted {
    /// True when some finding refuses the role and its bindings.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(Finding::refuses)
    }

    /// Why a grant that gives nothing gives nothing.
    pub fn reason(&self) -> Code {
        let nothing = |finding: &&Finding| EMPTY.contains(&finding.code);
        self.findings.iter().find(nothing).map_or(codes::ROLE_GRANTS_NOTHING, |finding| finding.code)
    }
}

/// Namespace patterns that Istio 1.4 read as another text on TCP ports (E70).
fn namespace_patterns(rule: &Clause, at: &Place) -> Vec<Finding> {
    let patterns = rule.source.namespaces.values.iter().filter(|value| value.len() > 1 && value.contains('*'));
    let finding = |pattern: &String| {
        Finding::new(
            codes::NAMESPACE_PATTERN_ON_TCP,
            format!("On TCP ports Istio 1.4 read the star of the namespace `{pattern}` as a repetition, so the rule is kept off them."),
        )
        .at(at.clone())
    };
    let identities = rule.source.principals.values.iter().filter(|value| spells_out_an_identity(value));
    let excluded = rule.source.principals.not.iter().filter(|value| value.len() > 1 && value.starts_with('*'));
    let identity = |pattern: &String| {
        Finding::new(
            codes::IDENTITY_PATTERN_ON_TCP,
            format!("On TCP ports Istio 1.4 read the star of the identity `{pattern}` as `spiffe://`, so the rule is kept off them."),
        )
        .at(at.clone())
    };
    patterns.map(finding).chain(identities.chain(excluded).map(identity)).collect()
}

/// True for a star and a whole identity, which is what such a pattern matched on TCP ports of Istio 1.4 (C6).
fn spells_out_an_identity(pattern: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|rest| !rest.starts_with('/') && rest.split('/').count() == 5)
}

/// Codes that explain why a rule or subject gives nothing, without any difference to the old mesh.
const EMPTY: [Code; 10] = [
    codes::HOST_HEADER_NEVER_MATCHED,
    codes::GATEWAY_KNEW_NO_PEER,
    codes::MATCHES_NO_SERVICE,
    codes::RBAC_NOT_ENABLED,
    codes::RULE_NEVER_APPLIES,
    codes::GOVERNS_NO_PORT,
    codes::HTTP_RULE_ON_TCP_PORT,
    codes::REPLACED_BY_POLICY,
    codes::UNKNOWN_PROPERTY,
    codes::SUBJECT_MATCHES_NOBODY,
];

/// Where the rules of a role go: per selector, in the order in which they were found.
#[derive(Default)]
struct Policies {
    list: Vec<(Target, Vec<Clause>)>,
}

impl Policies {
    fn add(&mut self, target: &Target, rule: Clause) {
        let at = self.list.iter().position(|(known, _)| known.selector == target.selector);
        match at.and_then(|at| self.list.get_mut(at)) {
            Some((_, rules)) => {
                if !rules.iter().any(|known| same(known, &rule)) {
                    rules.push(rule);
                }
            }
            None => self.list.push((target.clone(), vec![rule])),
        }
    }
}

/// A Service leads to a port by name, and a rule that has to name its ports cannot.
fn named_port_unknown(service: &str, view: NamespaceView<'_>) -> Finding {
    let namespace = view.namespace;
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("The Service `{service}` leads to a container port by name, no pods in the input say which number that is, and a rule without ports would also open those of Services that the input does not show."),
    )
    .severity(Severity::Error)
    .remedy(format!(
        "Add the output of `kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` to the input, or say `--inventory-complete=services` if no other Service selects these pods."
    ))
}

/// Pods that the input does not show may give a named port another number, which belongs to a Service that a rule is not for.
fn numbers_unknown(target: &Target, view: NamespaceView<'_>) -> Finding {
    let (name, namespace) = (target.suffix.join("-"), view.namespace);
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("Several Services share the pods of {name}, and one of them leads to its port by name: on pods that the input does not show the number may be another, so a rule with the numbers of those that it shows could open a port of another Service."),
    )
    .severity(Severity::Error)
    .direction(Direction::Wider)
    .remedy(format!(
        "Add the output of `kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` to the input and say `--inventory-complete=workloads`."
    ))
}

/// The pods of the input give the ports of a rule different numbers, and of each number a Service that the input does not
/// show may be the owner on the other pods.
fn numbers_differ(target: &Target, view: NamespaceView<'_>) -> Finding {
    let (name, namespace) = (target.suffix.join("-"), view.namespace);
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("The pods of {name} do not all have the same ports: a rule with the numbers of some of them could open, on the others, a port of a Service that the input does not show."),
    )
    .severity(Severity::Error)
    .direction(Direction::Wider)
    .remedy(format!(
        "Add the output of `kubectl get services -n {namespace} -o yaml` to the input and say `--inventory-complete=services`."
    ))
}

/// Equal but for comments.
fn same(a: &Clause, b: &Clause) -> bool {
    (&a.source, &a.operation, &a.when) == (&b.source, &b.operation, &b.when)
}

/// Converts a role with its bindings.
pub fn convert(grant: &Grant<'_>, view: NamespaceView<'_>) -> Converted {
    let context = view.context;
    let mut converted = Converted::default();
    let subjects = converted.subjects(context, grant);
    let mut policies = Policies::default();
    let applied = applied(context, &grant.role.meta);
    converted.take(applied, &grant.role.meta);
    let source = context.mesh.settings.source;
    for (index, rule) in grant.role.rules.iter().enumerate() {
        let item = items(applied).get(index).cloned().unwrap_or_default();
        converted.relaxations.extend(item.relaxations.iter().cloned());
        let access = access_rule::convert(rule, &item, view.namespace, context);
        let http =
            access.clause.http_only || access.clause.is_http() || subjects.iter().any(|s| s.http_only || s.is_http());
        let mut reach = targets::find(&access.place, &rule.place, http, view);
        converted.say(access.findings, &grant.role.meta);
        converted.say(std::mem::take(&mut reach.findings), &grant.role.meta);
        std::mem::take(&mut reach.assumptions).into_iter().for_each(|assumption| converted.assume(assumption));
        let mut base = access.clause;
        carry_notes(context, &grant.role.meta, &format!("/spec/rules/{index}"), &mut base);
        for target in &reach.targets {
            let mut ports = ports::survey(&access.place, target, &rule.place, view);
            let owner_unknown = ports.findings.iter().any(|finding| finding.code == codes::PORT_OWNER_UNKNOWN);
            converted.say(std::mem::take(&mut ports.findings), &grant.role.meta);
            // Of a rule for every Service, one that the input does not show may govern the ports.
            let may_govern = target.every_service && !view.services_are_closed();
            if ports.governs_nothing() && target.selector.is_some() && !may_govern {
                let finding = Finding::new(codes::GOVERNS_NO_PORT, ports.why_nothing(&target.suffix.join("-")));
                if !owner_unknown {
                    converted.say(vec![finding.at(rule.place.clone())], &grant.role.meta);
                }
                continue;
            }
            if let Some(service) = ports.lost_by_name() {
                converted.say(vec![named_port_unknown(service, view).at(rule.place.clone())], &grant.role.meta);
                continue;
            }
            if ports.numbers_may_be_others() && !view.workloads_are_closed() {
                converted.say(vec![numbers_unknown(target, view).at(rule.place.clone())], &grant.role.meta);
                continue;
            }
            if ports.uneven {
                converted.say(vec![numbers_differ(target, view).at(rule.place.clone())], &grant.role.meta);
                continue;
            }
            converted.take_for_granted(&ports, target, view);
            for subject in merge_plain(&subjects) {
                let mut both = base.and(&subject);
                base.notes.clear(); // Comments stand at the first rule made from the access rule.
                if ports.some_tcp && source == SourceRelease::V1_4 && !both.is_http() && !both.http_only {
                    converted.say(namespace_patterns(&both, &rule.place), &grant.role.meta);
                }
                both.http_only |= subjects::needs_guard(&both, source) && !ports.only_http;
                both.guard();
                if ports.gateway
                    && let Some((left_out, finding)) =
                        authentication::on_gateway(&both, ports.only_http, &target.suffix.join("-"))
                {
                    converted.say(vec![finding.at(rule.place.clone())], &grant.role.meta);
                    if left_out {
                        continue;
                    }
                }
                match ports.limit(&both, &rule.place) {
                    Ok(limited) => {
                        if limited.is_http()
                            && let Some(lost) = ports.lost_to_tcp()
                        {
                            let finding = Finding::new(
                                codes::PORT_IS_TCP_SOMEWHERE,
                                format!(
                                    "Port {lost} was TCP on some of the pods and HTTP on others; this rule about HTTP now applies to neither."
                                ),
                            );
                            converted.say(vec![finding.at(rule.place.clone())], &grant.role.meta);
                        } else if let Some(left_out) = ports.left_out_for_tcp(&both) {
                            let mut finding = Finding::new(
                                codes::HTTP_RULE_ON_TCP_PORT,
                                format!(
                                    "Old Istio treated port {left_out} as TCP, where it dropped rules about HTTP; so this rule leaves it out."
                                ),
                            );
                            if let Some(service) = ports.hidden_http_port() {
                                finding.message += &format!(
                                    " The Service `{service}` leads to a port by name, and no pods in the input say which number that is; if it is this one, its callers lose access."
                                );
                                finding.direction = Direction::Narrower;
                            }
                            converted.say(vec![finding.at(rule.place.clone())], &grant.role.meta);
                        }
                        limited.without_preflights().into_iter().for_each(|rule| policies.add(target, rule));
                    }
                    Err(finding) => converted.say(vec![*finding], &grant.role.meta),
                }
            }
        }
    }
    converted.check_target(context, grant, &policies);
    converted.drafts = drafts(grant, policies, &converted.idle);
    converted
}

impl Converted {
    fn say(&mut self, findings: Vec<Finding>, meta: &Meta) {
        for finding in findings {
            let finding = if finding.object.is_none() { finding.on(meta.object()) } else { finding };
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    fn assume(&mut self, assumption: Assumption) {
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// What a policy for one target takes for granted where the input may not show every Service and every workload.
    fn take_for_granted(&mut self, ports: &ports::Ports, target: &Target, view: NamespaceView<'_>) {
        if !ports.named_for_unseen_services() {
            return;
        }
        let name = target.suffix.first().map(String::as_str).unwrap_or_default();
        self.assume(given::oldest(name, view));
        if ports.by_name && !view.workloads_are_closed() {
            self.assume(given::same_number(name, view));
        }
    }

    fn take(&mut self, applied: Option<&Applied>, meta: &Meta) {
        let Some(applied) = applied else { return };
        self.say(applied.findings.clone(), meta);
    }

    /// The clauses of every subject of every binding.
    fn subjects(&mut self, context: Context<'_>, grant: &Grant<'_>) -> Vec<Clause> {
        let principal = principal_binding::of_namespace(context.mesh, &grant.role.meta.namespace);
        let mut clauses = Vec::new();
        for binding in &grant.bindings {
            let applied = applied(context, &binding.meta);
            self.take(applied, &binding.meta);
            let before = clauses.len();
            for (index, subject) in binding.subjects.iter().enumerate() {
                let item = items(applied).get(index).cloned().unwrap_or_default();
                self.relaxations.extend(item.relaxations.iter().cloned());
                let converted = subjects::convert(subject, &item, context, &principal);
                self.say(converted.findings, &binding.meta);
                for mut clause in converted.alternatives {
                    carry_subject_notes(context, &binding.meta, index, &mut clause);
                    clauses.push(clause);
                }
            }
            if clauses.len() == before {
                self.idle.extend(binding.meta.manifest);
            }
        }
        clauses
    }

    /// Negations need Istio 1.5 (E113).
    fn check_target(&mut self, context: Context<'_>, grant: &Grant<'_>, policies: &Policies) {
        let target = context.mesh.settings.target;
        let negated = policies.list.iter().flat_map(|(_, rules)| rules).find_map(Clause::negated);
        if let (Some(negated), false) = (negated, target.at_least(5)) {
            let finding = Finding::new(
                codes::NEGATION_UNSUPPORTED,
                format!("The role takes the negated condition `{negated}`, which Istio {target} cannot express."),
            );
            self.say(vec![finding.at(grant.role.meta.place.clone())], &grant.role.meta);
        }
    }
}

/// Subjects that ask for nothing but `principals`, or nothing but `namespaces`, joined into one: their values are ORed
/// either way, on HTTP and on TCP. Others stay rules of their own (§4.7).
fn merge_plain(subjects: &[Clause]) -> Vec<Clause> {
    let mut merged: Vec<Clause> = Vec::new();
    for subject in subjects {
        let shape = plain_shape(subject);
        let twin = merged.iter_mut().find(|known| {
            shape.is_some() && plain_shape(known) == shape && known.dead_on_tcp_in_1_4 == subject.dead_on_tcp_in_1_4
        });
        match twin {
            Some(twin) => {
                extend(&mut twin.source.principals.values, &subject.source.principals.values);
                extend(&mut twin.source.namespaces.values, &subject.source.namespaces.values);
            }
            None => merged.push(subject.clone()),
        }
    }
    merged
}

/// Which single plain field a subject consists of, if it does.
fn plain_shape(subject: &Clause) -> Option<&'static str> {
    let mut without = subject.source.clone();
    let principals = !std::mem::take(&mut without.principals.values).is_empty();
    let namespaces = !std::mem::take(&mut without.namespaces.values).is_empty();
    let nothing_else =
        without == Default::default() && subject.when.is_empty() && !subject.http_only && subject.notes.is_empty();
    match (principals, namespaces) {
        (true, false) if nothing_else => Some("principals"),
        (false, true) if nothing_else => Some("namespaces"),
        _ => None,
    }
}

fn extend(values: &mut Vec<String>, more: &[String]) {
    for value in more {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
}

/// What the mapping makes of the object's manifest.
fn applied<'a>(context: Context<'a>, meta: &Meta) -> Option<&'a Applied> {
    meta.manifest.and_then(|id| context.mapped.of(id))
}

/// What the mapping makes of each access rule or subject.
fn items(applied: Option<&Applied>) -> &[crate::mapping::Item] {
    applied.map(|applied| applied.items.as_slice()).unwrap_or_default()
}

/// Comments of an access rule and of the fields that keep their name.
fn carry_notes(context: Context<'_>, meta: &Meta, pointer: &str, clause: &mut Clause) {
    let Some(input) = meta.manifest.and_then(|id| context.manifests.get(id.0)) else { return };
    let fields = ["", "hosts", "notHosts", "paths", "notPaths", "methods", "notMethods", "ports", "notPorts"];
    for field in fields {
        let at = if field.is_empty() { pointer.to_owned() } else { format!("{pointer}/{field}") };
        let notes = input.manifest.notes(&at);
        if notes != Default::default() {
            clause.notes.insert(field.to_owned(), notes);
        }
    }
}

/// Comments of a subject stand at its source.
fn carry_subject_notes(context: Context<'_>, meta: &Meta, index: usize, clause: &mut Clause) {
    let Some(input) = meta.manifest.and_then(|id| context.manifests.get(id.0)) else { return };
    let notes = input.manifest.notes(&format!("/spec/subjects/{index}"));
    if notes != Default::default() {
        clause.notes.insert("source".to_owned(), notes);
    }
}

/// The policies with the names people would choose: the role's own where it became one.
fn drafts(grant: &Grant<'_>, policies: Policies, idle: &[ManifestId]) -> Vec<Draft> {
    let home = grant.role.meta.manifest.into_iter();
    let bindings = grant.bindings.iter().filter_map(|binding| binding.meta.manifest);
    let from: Vec<ManifestId> = home.chain(bindings.filter(|id| !idle.contains(id))).collect();
    let single = policies.list.len() == 1;
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    for (target, _) in &policies.list {
        *services.entry(target.suffix.first().cloned().unwrap_or_default()).or_default() += 1;
    }
    let one_service = services.len() == 1;
    let mut drafts = Vec::new();
    for (target, rules) in &policies.list {
        // Where all policies are for one service, its name tells nothing.
        let parts = if single {
            &[]
        } else if one_service && target.suffix.len() > 1 {
            target.suffix.get(1..).unwrap_or_default()
        } else {
            target.suffix.as_slice()
        };
        let name = std::iter::once(grant.role.meta.name.as_str()).chain(parts.iter().map(String::as_str));
        let name = name.collect::<Vec<_>>().join("-");
        for rules in rules.chunks(policy::MOST_RULES) {
            drafts.push(draft(
                &grant.role.meta.namespace,
                &name,
                from.clone(),
                policy::allow(target.selector.as_ref(), rules),
            ));
        }
    }
    drafts
}

/// A draft of an AuthorizationPolicy.
pub fn draft(namespace: &str, name: &str, from: Vec<ManifestId>, spec: crate::yaml::Tree) -> Draft {
    Draft {
        kind: NewKind::Authorization,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        from,
        annotations: Labels::new(),
        comment: Vec::new(),
        spec,
    }
}
