//! Label selectors that select some pods and leave others alone.

use crate::api::Labels;
use crate::convert::plain;
use crate::mesh::selects;
use crate::yaml::{Notes, Tree};

/// Labels that differ from pod to pod or from one rollout to the next: a policy that used them would stop to apply.
const VOLATILE: &[&str] = &[
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "chart",
    "helm.sh/chart",
    "heritage",
];

/// A selector that selects ALL of `members` and nobody who minds. Tries `preferred` first (the selectors of the services
/// involved, which people recognise), then adds one or more labels that the members share. `None` when no label tells
/// them apart.
pub(super) fn separating(
    members: &[&Labels],
    preferred: &[&Labels],
    nobody_minds: impl Fn(&Labels) -> bool,
) -> Option<Labels> {
    let fits = |selector: &Labels| {
        !selector.is_empty() && members.iter().all(|labels| selects(selector, labels)) && nobody_minds(selector)
    };
    if let Some(selector) = preferred.iter().find(|selector| fits(selector)) {
        return Some((*selector).clone());
    }
    let shared = shared_labels(members);
    let start = preferred.iter().find(|selector| members.iter().all(|labels| selects(selector, labels)));
    let start = start.map(|selector| (*selector).clone()).unwrap_or_default();
    for (key, value) in &shared {
        let mut selector = start.clone();
        selector.insert(key.clone(), value.clone());
        if fits(&selector) {
            return Some(selector);
        }
    }
    let mut everything = start;
    everything.extend(shared);
    fits(&everything).then_some(everything)
}

/// The label pairs that ALL of `members` carry, without volatile ones.
fn shared_labels(members: &[&Labels]) -> Labels {
    let Some((first, rest)) = members.split_first() else { return Labels::new() };
    first
        .iter()
        .filter(|(key, _)| !VOLATILE.contains(&key.as_str()))
        .filter(|(key, value)| rest.iter().all(|labels| labels.get(*key) == Some(value)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// `selector: {matchLabels: ...}`.
pub(super) fn selector_entry(selector: &Labels) -> (Notes, String, Tree) {
    let labels = selector.iter().map(|(key, value)| plain(key, serde_json::Value::from(value.as_str()))).collect();
    plain("selector", Tree::Map(vec![plain("matchLabels", Tree::Map(labels))]))
}

/// A selector as `kubectl -l` takes it.
pub(super) fn as_text(selector: &Labels) -> String {
    selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    fn check(members: &[&str], others: &[&str], preferred: &[&str], expected: Option<&str>) {
        let all = |texts: &[&str]| texts.iter().map(|text| labels(text)).collect::<Vec<_>>();
        let (members, others, preferred) = (all(members), all(others), all(preferred));
        let members: Vec<&Labels> = members.iter().collect();
        let preferred: Vec<&Labels> = preferred.iter().collect();
        let found = separating(&members, &preferred, |selector| !others.iter().any(|pod| selects(selector, pod)));
        assert_eq!(found.as_ref().map(as_text).as_deref(), expected);
    }

    #[test]
    fn the_service_selector_is_preferred_when_it_fits() {
        check(&["app=web,version=v1"], &["app=db"], &["app=web"], Some("app=web"));
    }

    #[test]
    fn a_label_is_added_when_the_service_selector_selects_too_much() {
        check(&["app=web,version=v1"], &["app=web,version=v2"], &["app=web"], Some("app=web,version=v1"));
    }

    #[test]
    fn volatile_labels_are_never_used() {
        check(&["app=web,pod-template-hash=1"], &["app=web,pod-template-hash=2"], &["app=web"], None);
    }

    #[test]
    fn authn_e41_a_superset_cannot_be_excluded() {
        check(&["app=x"], &["app=x,tier=b"], &["app=x"], None);
        check(&["app=x,tier=b"], &["app=x"], &["app=x,tier=b"], Some("app=x,tier=b"));
    }
}
