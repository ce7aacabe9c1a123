//! A ServiceRole and its bindings: one rule per access rule and subject, one policy per selector (`meaning/rbac.md` §6.7).

use crate::api::legacy::AccessRule;
use crate::api::{Labels, ManifestId, Meta};
use crate::convert::rbac::bindings::Grant;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::place::destination::{Destination, Target};
use crate::convert::rbac::place::ports::{self, Ports};
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::place::{given, targets};
use crate::convert::rbac::policy;
use crate::convert::rbac::what::access_rule;
use crate::convert::rbac::who::{authentication, principal_binding, subjects};
use crate::convert::{Context, Draft, NewKind};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Code, Finding, Place};
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

/// Equal but for comments.
fn same(a: &Clause, b: &Clause) -> bool {
    (&a.source, &a.operation, &a.when) == (&b.source, &b.operation, &b.when)
}

/// Converts a role with its bindings: for EVERY access rule (what), EVERY target of it (where) and EVERY subject (who), one
/// rule limited to the ports that it may grant.
pub fn convert(grant: &Grant<'_>, view: NamespaceView<'_>) -> Converted {
    let mut converted = Converted::default();
    let subjects = converted.subjects(view.context, grant);
    converted.take(applied(view.context, &grant.role.meta), &grant.role.meta);
    let mut policies = Policies::default();
    for (index, rule) in grant.role.rules.iter().enumerate() {
        let mut asked = converted.asked(grant, (index, rule), view);
        for (target, ports) in converted.targets(grant, &asked, &subjects, view) {
            for subject in merge_plain(&subjects) {
                let both = asked.clause.and(&subject);
                asked.clause.notes.clear(); // Comments stand at the first rule made from the access rule.
                let limited = converted.limited(grant, &asked, both, (&target, &ports), view);
                limited.into_iter().for_each(|rule| policies.add(&target, rule));
            }
        }
    }
    converted.check_target(view.context, grant, &policies);
    converted.drafts = drafts(grant, policies, &converted.idle);
    converted
}

/// An access rule: what may be asked, of which destination.
struct Asked {
    clause: Clause,
    destination: Destination,
    at: Place,
}

impl Converted {
    /// What an access rule lets callers ask, with its comments.
    fn asked(&mut self, grant: &Grant<'_>, (index, rule): (usize, &AccessRule), view: NamespaceView<'_>) -> Asked {
        let item = items(applied(view.context, &grant.role.meta)).get(index).cloned().unwrap_or_default();
        self.relaxations.extend(item.relaxations.iter().cloned());
        let access = access_rule::convert(rule, &item, view.namespace, view.context);
        self.say(access.findings, &grant.role.meta);
        let mut clause = access.clause;
        carry_notes(view.context, &grant.role.meta, &format!("/spec/rules/{index}"), &mut clause);
        Asked { clause, destination: access.place, at: rule.place.clone() }
    }

    /// Where an access rule applies: the targets on whose pods it may grant something, with their ports.
    fn targets(
        &mut self,
        grant: &Grant<'_>,
        asked: &Asked,
        subjects: &[Clause],
        view: NamespaceView<'_>,
    ) -> Vec<(Target, Ports)> {
        let meta = &grant.role.meta;
        let is_about_http = |clause: &Clause| clause.http_only || clause.is_http();
        let http = is_about_http(&asked.clause) || subjects.iter().any(is_about_http);
        let mut found = targets::find(&asked.destination, &asked.at, http, view);
        self.say(std::mem::take(&mut found.findings), meta);
        found.assumptions.into_iter().for_each(|assumption| self.assume(assumption));
        let mut granted = Vec::new();
        for target in found.targets {
            let mut ports = ports::survey(&asked.destination, &target, &asked.at, view);
            let findings = std::mem::take(&mut ports.findings);
            let obstacle = ports.obstacle(&target, view);
            // Whose port it is has been asked already.
            let owner_unknown = findings.iter().any(|finding| finding.code == codes::PORT_OWNER_UNKNOWN);
            self.say(findings, meta);
            match obstacle {
                None => {
                    self.take_for_granted(&ports, &target, view);
                    granted.push((target, ports));
                }
                Some(finding) if finding.code == codes::GOVERNS_NO_PORT && owner_unknown => {}
                Some(finding) => self.say(vec![finding.at(asked.at.clone())], meta),
            }
        }
        granted
    }

    /// An access rule and a subject together, limited to the ports that they may grant on a target, and without
    /// preflights where these were exempt; none where nothing is left.
    fn limited(
        &mut self,
        grant: &Grant<'_>,
        asked: &Asked,
        mut both: Clause,
        (target, ports): (&Target, &Ports),
        view: NamespaceView<'_>,
    ) -> Vec<Clause> {
        let meta = &grant.role.meta;
        let source = view.context.mesh.settings.source;
        if ports.some_tcp && source == SourceRelease::V1_4 && !both.is_http() && !both.http_only {
            self.say(namespace_patterns(&both, &asked.at), meta);
        }
        both.http_only |= subjects::needs_guard(&both, source) && !ports.only_http;
        both.guard();
        if ports.gateway
            && let Some((left_out, finding)) =
                authentication::on_gateway(&both, ports.only_http, &target.suffix.join("-"))
        {
            self.say(vec![finding.at(asked.at.clone())], meta);
            if left_out {
                return Vec::new();
            }
        }
        match ports.limit(&both, &asked.at) {
            Ok(limited) => {
                let remark = ports.remark(&both, &limited).map(|finding| finding.at(asked.at.clone()));
                self.say(remark.into_iter().collect(), meta);
                limited.without_preflights()
            }
            Err(finding) => {
                self.say(vec![*finding], meta);
                Vec::new()
            }
        }
    }

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
    fn take_for_granted(&mut self, ports: &Ports, target: &Target, view: NamespaceView<'_>) {
        if !ports.named_for_unseen_services() {
            return;
        }
        let name = target.suffix.first().map(String::as_str).unwrap_or_default();
        self.assume(given::oldest(name, view));
        if ports.by_name && !view.scope.workloads_are_closed() {
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
