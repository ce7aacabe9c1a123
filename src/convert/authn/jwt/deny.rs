//! The DENY rules that stand for "a token was demanded" (`meaning/authn.md` §4.5).
//!
//! Old Istio refused a request when some method was triggered on its path and none of the triggered ones had verified
//! its token. With several methods that is one rule per set of methods that can be triggered together.

use super::paths::{Inexpressible, Region};
use super::triggers::Trigger;
use crate::convert::plain;
use crate::yaml::{Notes, Tree};
use serde_json::Value;
use std::collections::BTreeSet;

/// More sets than this are not worked out; nobody could review the result.
const MOST_CLASSES: usize = 4;
const MOST_REGIONS: usize = 64;

/// A request on a path of `region` needs a token of one of `issuers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    /// The paths.
    pub(super) region: Region,
    /// ANY of these will do. Empty refuses every request.
    pub(super) issuers: Vec<String>,
}

/// Methods that are triggered on the same paths.
struct Class {
    issuers: Vec<String>,
    regions: Vec<Region>,
}

/// What a list of methods demands, exactly; or why that cannot be written.
pub(super) fn demands(methods: &[(String, Trigger)]) -> Result<Vec<Demand>, Inexpressible> {
    let classes = classes(methods);
    let exact = methods.iter().all(|(_, trigger)| trigger.widened.is_empty());
    match classes.as_slice() {
        [] => Ok(Vec::new()),
        [only] => Ok(only.regions.iter().map(|region| only.demand(region)).collect()),
        // A widened trigger inside the subset form would let another method's token in (J6).
        _ if !exact || classes.len() > MOST_CLASSES => Err(Inexpressible),
        several => by_subset(several),
    }
}

/// A form that never opens anything: every method on its own. Where two are triggered together no single token
/// satisfies both, so such paths are cut off.
pub(super) fn stricter_demands(methods: &[(String, Trigger)]) -> Vec<Demand> {
    let each = |(issuer, trigger): &(String, Trigger)| {
        let demand = |region: &Region| Demand { region: region.clone(), issuers: vec![issuer.clone()] };
        trigger.regions.iter().map(demand).collect::<Vec<_>>()
    };
    methods.iter().flat_map(each).collect()
}

fn classes(methods: &[(String, Trigger)]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (issuer, trigger) in methods.iter().filter(|(_, trigger)| !trigger.regions.is_empty()) {
        let key: BTreeSet<&Region> = trigger.regions.iter().collect();
        match classes.iter_mut().find(|class| class.regions.iter().collect::<BTreeSet<_>>() == key) {
            Some(class) => class.issuers.push(issuer.clone()),
            None => classes.push(Class { issuers: vec![issuer.clone()], regions: trigger.regions.clone() }),
        }
    }
    classes
}

impl Class {
    fn demand(&self, region: &Region) -> Demand {
        Demand { region: region.clone(), issuers: self.issuers.clone() }
    }
}

/// For every non-empty set of classes: the paths that trigger exactly these, and the issuers that will do there.
fn by_subset(classes: &[Class]) -> Result<Vec<Demand>, Inexpressible> {
    let mut demands = Vec::new();
    for chosen in 1..(1_usize << classes.len()) {
        let mut regions = vec![Region::everything()];
        let mut issuers = Vec::new();
        for (index, class) in classes.iter().enumerate() {
            if chosen & (1 << index) == 0 {
                // Outside the union means outside EVERY region of it.
                for region in &class.regions {
                    regions = intersection(&regions, &region.complement())?;
                }
            } else {
                regions = intersection(&regions, &class.regions)?;
                issuers.extend(class.issuers.iter().cloned());
            }
        }
        demands.extend(regions.into_iter().map(|region| Demand { region, issuers: issuers.clone() }));
    }
    Ok(demands)
}

/// The union of ALL pairwise intersections.
fn intersection(some: &[Region], others: &[Region]) -> Result<Vec<Region>, Inexpressible> {
    let mut regions: Vec<Region> = Vec::new();
    for one in some {
        for other in others {
            let both = one.and(other)?;
            if !both.is_empty() && !regions.contains(&both) {
                regions.push(both);
            }
        }
    }
    if regions.len() > MOST_REGIONS { Err(Inexpressible) } else { Ok(regions) }
}

/// What every rule of one AuthorizationPolicy for a set of ports shares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    /// **Container** ports.
    pub(super) ports: BTreeSet<u16>,
    /// True when CORS preflight requests need no token.
    pub(super) exempts_preflight: bool,
}

/// A further condition on tokens of one issuer: their audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AudienceDemand {
    /// The issuer whose tokens are meant.
    pub(super) issuer: String,
    /// ANY of these.
    pub(super) audiences: Vec<String>,
}

/// The rules for one demand.
pub(super) fn rules(scope: &Scope, demand: &Demand, audiences: &[AudienceDemand]) -> Vec<Tree> {
    let mut conditions: Vec<Vec<Tree>> = Vec::new();
    if demand.issuers.is_empty() {
        conditions.push(Vec::new());
    } else {
        conditions.push(vec![condition("request.auth.claims[iss]", "notValues", &demand.issuers)]);
    }
    for audience in audiences.iter().filter(|audience| demand.issuers.contains(&audience.issuer)) {
        conditions.push(vec![
            condition("request.auth.claims[iss]", "values", std::slice::from_ref(&audience.issuer)),
            condition("request.auth.claims[aud]", "notValues", &audience.audiences),
        ]);
    }
    conditions.into_iter().flat_map(|when| split(scope, &demand.region, &when)).collect()
}

/// One rule, or three that together leave out CORS preflights: a request is none when its method is not OPTIONS, or it
/// has no Origin, or it has no Access-Control-Request-Method.
fn split(scope: &Scope, region: &Region, when: &[Tree]) -> Vec<Tree> {
    if !scope.exempts_preflight {
        return vec![rule(scope, region, &[], when)];
    }
    let absent = |header: &str| condition(&format!("request.headers[{header}]"), "notValues", &["*".to_owned()]);
    let with = |extra: Tree| when.iter().cloned().chain([extra]).collect::<Vec<_>>();
    vec![
        rule(scope, region, &["OPTIONS"], when),
        rule(scope, region, &[], &with(absent("origin"))),
        rule(scope, region, &[], &with(absent("access-control-request-method"))),
    ]
}

fn rule(scope: &Scope, region: &Region, not_methods: &[&str], when: &[Tree]) -> Tree {
    let mut operation = Vec::new();
    let ports: Vec<String> = scope.ports.iter().map(u16::to_string).collect();
    let not_methods: Vec<String> = not_methods.iter().map(|method| (*method).to_owned()).collect();
    for (key, values) in
        [("ports", ports), ("paths", region.paths()), ("notPaths", region.not_paths()), ("notMethods", not_methods)]
    {
        if !values.is_empty() {
            operation.push(plain(key, strings(&values)));
        }
    }
    let mut rule = vec![plain("to", list(vec![Tree::Map(vec![plain("operation", Tree::Map(operation))])]))];
    if !when.is_empty() {
        rule.push(plain("when", list(when.to_vec())));
    }
    Tree::Map(rule)
}

fn condition(key: &str, field: &str, values: &[String]) -> Tree {
    Tree::Map(vec![plain("key", Value::from(key)), plain(field, strings(values))])
}

/// A list without comments.
pub(super) fn list(items: Vec<Tree>) -> Tree {
    Tree::Seq(items.into_iter().map(|item| (Notes::default(), item)).collect())
}

fn strings(values: &[String]) -> Tree {
    list(values.iter().map(|value| Tree::from(Value::from(value.as_str()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::legacy::{Jwt, StringMatch, TriggerRule};
    use crate::finding::Place;
    use crate::mesh::Version;

    const PATHS: &[&str] = &["/", "/a", "/a/b", "/a/x.js", "/b", "/b.js", "/c/d"];

    fn conditions() -> Vec<Vec<StringMatch>> {
        let (exact, prefix) = (|p: &str| StringMatch::Exact(p.into()), |p: &str| StringMatch::Prefix(p.into()));
        vec![
            vec![],
            vec![exact("/a/b")],
            vec![prefix("/a")],
            vec![prefix("/a/"), exact("/b")],
            vec![StringMatch::Nothing],
            vec![StringMatch::Suffix(".js".into())],
        ]
    }

    fn jwt(issuer: &str, triggers: Vec<TriggerRule>) -> Jwt {
        Jwt {
            place: Place::nowhere(),
            issuer: issuer.into(),
            audiences: vec![],
            jwks_uri: String::new(),
            jwks: String::new(),
            headers: vec![],
            params: vec![],
            triggers,
        }
    }

    /// Old Istio's rule, word for word (`meaning/authn.md` §1.6).
    fn was_triggered(jwt: &Jwt, path: &str) -> bool {
        let matches = |condition: &StringMatch| match condition {
            StringMatch::Exact(p) => path == p,
            StringMatch::Prefix(p) => path.starts_with(p.as_str()),
            StringMatch::Suffix(p) => path.ends_with(p.as_str()),
            StringMatch::Regex(_) | StringMatch::Nothing => false,
        };
        jwt.triggers.is_empty()
            || jwt.triggers.iter().any(|rule| {
                !rule.excluded.iter().any(matches) && (rule.included.is_empty() || rule.included.iter().any(matches))
            })
    }

    fn was_refused(methods: &[Jwt], path: &str, token: Option<&str>) -> bool {
        let triggered: Vec<&Jwt> = methods.iter().filter(|jwt| was_triggered(jwt, path)).collect();
        !triggered.is_empty() && !triggered.iter().any(|jwt| token == Some(jwt.issuer.as_str()))
    }

    fn is_refused(demands: &[Demand], path: &str, token: Option<&str>) -> bool {
        let satisfied =
            |demand: &Demand| token.is_some_and(|token| demand.issuers.iter().any(|issuer| issuer == token));
        demands.iter().any(|demand| demand.region.holds(path) && !satisfied(demand))
    }

    /// Every trigger rule made of one included and one excluded list.
    fn all_rules() -> Vec<TriggerRule> {
        let mut rules = Vec::new();
        for included in conditions() {
            for excluded in conditions() {
                rules.push(TriggerRule { place: Place::nowhere(), included: included.clone(), excluded });
            }
        }
        rules
    }

    #[test]
    fn authn_e63_e64_the_subset_form_refuses_exactly_what_was_refused() {
        let mut exact = 0;
        for one in all_rules() {
            for other in all_rules() {
                for third in [None, Some(vec![])] {
                    let mut methods = vec![jwt("one", vec![one.clone()]), jwt("other", vec![other.clone()])];
                    methods.extend(third.map(|triggers| jwt("third", triggers)));
                    let triggers: Vec<(String, Trigger)> =
                        methods.iter().map(|jwt| (jwt.issuer.clone(), Trigger::of(jwt, Version::NEWEST))).collect();
                    let demands = demands(&triggers);
                    exact += usize::from(demands.is_ok());
                    let stricter = stricter_demands(&triggers);
                    for path in PATHS {
                        for token in [None, Some("one"), Some("other"), Some("third"), Some("foreign")] {
                            let was = was_refused(&methods, path, token);
                            if let Ok(demands) = &demands {
                                assert_eq!(is_refused(demands, path, token), was, "{methods:?} {path} {token:?}");
                            }
                            // The other form may refuse more, never less.
                            assert!(!was || is_refused(&stricter, path, token), "{methods:?} {path} {token:?}");
                        }
                    }
                }
            }
        }
        assert!(exact > 1500, "only {exact} of 2592 pairs could be written exactly");
    }
}
