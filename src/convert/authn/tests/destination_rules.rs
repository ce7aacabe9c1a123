//! Which DestinationRule a client uses (`meaning/rollout.md` R47 to R51).

use super::Case;
use crate::finding::catalogue::mtls::DESTINATION_RULE_CONFLICT;

/// The places of `destination-rule-conflict`s, by the name of the rule.
fn conflicting(rules: &[(&str, &str, &str)]) -> Vec<String> {
    let rule = |(namespace, name, spec): &(&str, &str, &str)| {
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n";
    let policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: web, namespace: shop}\nspec: {targets: [{name: web}]}\n";
    let documents: Vec<String> = rules.iter().map(rule).chain([service.to_owned(), policy.to_owned()]).collect();
    let findings = Case::new().findings(&documents.join("---\n"));
    let conflicts = findings.iter().filter(|finding| finding.code == DESTINATION_RULE_CONFLICT);
    conflicts.filter_map(|finding| Some(finding.object.as_ref()?.to_string())).collect()
}

const MUTUAL: &str = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}";

#[test]
fn r47_a_rule_of_the_root_namespace_is_dead_where_the_service_has_its_own() {
    let mesh_wide = format!("{{host: '*.local', {MUTUAL}}}");
    let own = "{host: web, trafficPolicy: {tls: {mode: DISABLE}}}";
    assert_eq!(conflicting(&[("istio-system", "default", &mesh_wide)]), ["DestinationRule istio-system/default"]);
    assert!(conflicting(&[("istio-system", "default", &mesh_wide), ("shop", "web", own)]).is_empty());
    // A rule of a client's namespace is for that client alone.
    let client = format!("{{host: web.shop.svc.cluster.local, {MUTUAL}}}");
    assert_eq!(
        conflicting(&[("istio-system", "default", &mesh_wide), ("shop", "web", own), ("desk", "web", &client)]),
        ["DestinationRule desk/web"]
    );
}

#[test]
fn r47_a_private_rule_is_used_in_its_own_namespace_only() {
    let private = format!("{{host: '*.local', exportTo: ['.'], {MUTUAL}}}");
    assert!(conflicting(&[("istio-system", "default", &private)]).is_empty());
    // The service's own rule is private, so all other clients fall back to the root namespace.
    let own = "{host: web, exportTo: ['.'], trafficPolicy: {tls: {mode: DISABLE}}}";
    let mesh_wide = format!("{{host: '*.local', {MUTUAL}}}");
    assert_eq!(
        conflicting(&[("istio-system", "default", &mesh_wide), ("shop", "web", own)]),
        ["DestinationRule istio-system/default"]
    );
}

#[test]
fn r49_of_rules_for_one_host_the_oldest_with_a_traffic_policy_counts() {
    let bare = "{host: web, subsets: [{name: v1, labels: {version: v1}}]}";
    let mutual = format!("{{host: web, {MUTUAL}}}");
    assert_eq!(conflicting(&[("shop", "a-bare", bare), ("shop", "b-tls", &mutual)]), ["DestinationRule shop/b-tls"]);
}
