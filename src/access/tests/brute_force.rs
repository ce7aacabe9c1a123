//! The proof against every combination of witnesses, one by one, with the direct evaluator.

use super::classes::classes;
use super::*;
use crate::access::logic::formula::{Formula, Node};
use crate::access::logic::pattern::Test;
use crate::access::logic::solve::Unfinished;
use crate::access::question::compare::{Pair, compare_all};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Every request that two formulas can tell apart; `None` when there are too many.
fn requests(f: &Formulas, roots: &[Formula]) -> Option<Vec<Request>> {
    let mut tests: BTreeMap<_, BTreeSet<&Test>> = BTreeMap::new();
    for formula in f.reachable(roots) {
        if let Node::Atom(attribute, test) = f.node(formula) {
            tests.entry(attribute).or_default().insert(test);
        }
    }
    let mut requests = vec![Request::default()];
    for (attribute, tests) in tests {
        let tests: Vec<&Test> = tests.into_iter().collect();
        let classes = classes(attribute, &tests, &BTreeSet::new())?;
        let mut next = Vec::new();
        for request in &requests {
            if attribute.is_list() {
                // Every set of classes.
                for set in 0..1_usize << classes.len() {
                    let mut request = request.clone();
                    for (_, class) in classes.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1) {
                        request.set(attribute.clone(), class.witness.as_deref()?);
                    }
                    next.push(request);
                }
            } else {
                for class in &classes {
                    let mut request = request.clone();
                    if let Some(witness) = &class.witness {
                        request.set(attribute.clone(), witness);
                    }
                    next.push(request);
                }
            }
        }
        requests = next;
        if requests.len() > 5_000 {
            return None;
        }
    }
    Some(requests)
}

fn flow(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn some(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::subsequence(values, 1..=values.len().min(2))
        .prop_map(|v| flow(&v.into_iter().map(str::to_owned).collect::<Vec<_>>()))
}

fn maybe(field: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.4, some(values).prop_map(move |list| format!("{field}: {list}")))
}

fn join(fields: Vec<Option<String>>) -> String {
    fields.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn access_rule() -> impl Strategy<Value = String> {
    let fields = (
        maybe("paths", &["/a", "/a*", "*b", "*", "/a?q"]),
        maybe("notPaths", &["/a/b", "/a*"]),
        maybe("hosts", &["h", "H*"]),
        prop_oneof![maybe("methods", &["GET", "P*", "*"]), maybe("notMethods", &["GET"]),],
    );
    fields.prop_map(|(a, b, c, d)| {
        let rest = join(vec![a, b, c, d]);
        if rest.is_empty() { "{services: ['*']}".to_owned() } else { format!("{{services: ['*'], {rest}}}") }
    })
}

fn subject() -> impl Strategy<Value = String> {
    let users = prop::sample::select(
        &["user: '*'", "user: cluster.local/ns/a/sa/b", "user: 'cluster.local/ns/*'", "user: '*/sa/b'"][..],
    );
    let fields = (
        prop::option::weighted(0.5, users.prop_map(str::to_owned)),
        maybe("namespaces", &["a", "a*"]),
        maybe("notNames", &["cluster.local/ns/a/sa/b", "allAuthenticatedUsers"]),
        maybe("groups", &["g", "h*"]),
        maybe("ips", &["10.0.0.0/8", "10.1.0.0/16"]),
    );
    fields.prop_map(|(a, b, c, d, e)| {
        let all = join(vec![a, b, c, d, e]);
        if all.is_empty() { "{user: '*'}".to_owned() } else { format!("{{{all}}}") }
    })
}

fn modern_rule() -> impl Strategy<Value = String> {
    let source = (
        maybe("principals", &["*", "cluster.local/ns/a/sa/b", "*/sa/b"]),
        maybe("notPrincipals", &["cluster.local/ns/a/sa/b"]),
        maybe("namespaces", &["a", "a*"]),
        maybe("ipBlocks", &["10.0.0.0/8"]),
    );
    let operation = (
        maybe("paths", &["/a", "/a*", "*b", "*"]),
        maybe("notPaths", &["/a/b"]),
        maybe("hosts", &["h", "H*"]),
        maybe("methods", &["GET", "P*", "*"]),
    );
    let when = prop::option::weighted(
        0.3,
        prop::sample::select(
            &[
                "{key: 'request.headers[:path]', values: ['/a?q', '/a*']}",
                "{key: 'request.auth.claims[groups]', values: [g]}",
                "{key: 'request.headers[:authority]', notValues: [h]}",
            ][..],
        ),
    );
    (source, operation, when).prop_map(|(s, o, when)| {
        let source = join(vec![s.0, s.1, s.2, s.3]);
        let operation = join(vec![o.0, o.1, o.2, o.3]);
        let mut parts = Vec::new();
        if !source.is_empty() {
            parts.push(format!("from: [{{source: {{{source}}}}}]"));
        }
        if !operation.is_empty() {
            parts.push(format!("to: [{{operation: {{{operation}}}}}]"));
        }
        parts.extend(when.map(|when| format!("when: [{when}]")));
        format!("{{{}}}", parts.join(", "))
    })
}

fn list(items: Vec<String>) -> String {
    format!("[{}]", items.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_proof_agrees_with_every_request(
        rules in prop::collection::vec(access_rule(), 1..3),
        subjects in prop::collection::vec(subject(), 1..3),
        allow in prop::collection::vec(modern_rule(), 0..3),
        deny in prop::option::weighted(0.3, modern_rule()),
        strict_mtls in any::<bool>(),
        steps in 0_u64..40_000,
    ) {
        let jwt = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: default}\n\
                   spec: {peers: [{mtls: {mode: PERMISSIVE}}], origins: [{jwt: {issuer: iss, jwksUri: 'https://keys'}}], originIsOptional: true}";
        let ra = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: jwt, namespace: default}\n\
                  spec: {jwtRules: [{issuer: iss, jwksUri: 'https://keys'}]}";
        let pa = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: default}\n\
                  spec: {mtls: {mode: STRICT}}";
        let old = [APP.to_owned(), INCLUDED.to_owned(), jwt.to_owned(), role(&list(rules), &list(subjects))];
        let mut new = vec![APP.to_owned(), ra.to_owned(), policy("allow", &format!("{{rules: {}}}", list(allow)))];
        new.extend(deny.map(|rule| policy("deny", &format!("{{action: DENY, rules: [{rule}]}}"))));
        if strict_mtls {
            new.push(pa.to_owned());
        }
        let sides = sides(
            &old.iter().map(String::as_str).collect::<Vec<_>>(),
            &new.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let (before, after) = sides.sides();
        let pods = inventory::pods(&before, &after);
        let ports = sides.old.governed_ports(&pods[0].before);
        let question = inventory::questions(&pods[0], World::Source, World::Target, &sides.old, (&ports, &[]))[0];
        let mut f = Formulas::default();
        let (old, new) = sides.rulings(&mut f, &question);
        let (allows_old, allows_new) = (old.allows(&mut f), new.allows(&mut f));
        let Some(requests) = requests(&f, &[allows_old, allows_new]) else { return Ok(()) };
        let (mut wider, mut narrower) = (false, false);
        for request in &requests {
            match (old.decide(&f, request).allowed, new.decide(&f, request).allowed) {
                (false, true) => wider = true,
                (true, false) => narrower = true,
                _ => {}
            }
        }
        let pair = Pair {
            old: allows_old, new: allows_new, bad_token: Formula::FALSE, preflight_token: Formula::FALSE, status: Formula::FALSE, declared: BTreeSet::new(),
        };
        let pairs = [pair];
        let proved = compare_all(&f, &pairs, true, &Budget::default()).remove(0);
        let expected = match (wider, narrower) {
            (true, true) => Outcome::Different,
            (true, false) => Outcome::Wider,
            (false, true) => Outcome::Narrower,
            (false, false) => Outcome::Equal,
        };
        prop_assert_eq!(proved.outcome, expected);
        // With less of a budget the result is the same, or the doubt is said.
        let budget = Budget { question: steps, run: steps, per_condition: 0 };
        let hurried = compare_all(&f, &pairs, true, &budget).remove(0);
        prop_assert!(!matches!(hurried.unfinished, Some(Unfinished::Impossible(_))));
        match hurried.unfinished {
            None => prop_assert_eq!((hurried.outcome, &hurried.relaxations), (proved.outcome, &proved.relaxations)),
            Some(_) => {
                prop_assert_ne!(hurried.outcome, Outcome::Equal);
                prop_assert!(hurried.wider.is_none() || wider);
                prop_assert!(hurried.narrower.is_none() || narrower);
            }
        }
        if let Some(request) = &proved.wider {
            prop_assert!(!old.decide(&f, request).allowed && new.decide(&f, request).allowed, "{:?}", request);
        }
        if let Some(request) = &proved.narrower {
            prop_assert!(old.decide(&f, request).allowed && !new.decide(&f, request).allowed, "{:?}", request);
        }
    }
}
