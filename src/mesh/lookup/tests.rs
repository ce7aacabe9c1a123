use super::*;
use crate::api::core::ServicePort;
use crate::api::legacy::{Enforcement, RbacMode};
use crate::api::networking::SidecarIngress;
use crate::mesh::Completeness;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn service(namespace: &str, name: &str, selector: &[(&str, &str)]) -> Service {
    Service {
        meta: Meta::new("Service", namespace, name),
        selector: (!selector.is_empty()).then(|| labels(selector)),
        external_name: false,
        headless: false,
        ports: Vec::new(),
    }
}

fn port(number: u16, target: TargetPort) -> ServicePort {
    ServicePort { name: "http".into(), port: number, target, transport: Transport::Tcp, app_protocol: None }
}

fn workload(namespace: &str, name: &str, pod_labels: &[(&str, &str)]) -> Workload {
    Workload {
        meta: Meta::new("Deployment", namespace, name),
        pod_labels: labels(pod_labels),
        service_account: "default".into(),
        ports: Vec::new(),
        capture: Default::default(),
        stand_in: false,
    }
}

fn config(kind: &str, namespace: &str) -> RbacConfig {
    RbacConfig {
        meta: Meta::new(kind, namespace, "default"),
        mode: RbacMode::On,
        inclusion: None,
        exclusion: None,
        enforcement: Enforcement::Enforced,
    }
}

fn names(services: &[&Service]) -> Vec<String> {
    services.iter().map(|s| s.meta.name.clone()).collect()
}

#[test]
fn a_missing_service_is_absent_only_when_the_inventory_is_complete() {
    let mut mesh = Mesh::new(Settings::default());
    mesh.services.push(service("shop", "web", &[("app", "web")]));
    assert!(matches!(mesh.service("shop", "web"), Lookup::Found(found) if found.meta.name == "web"));
    assert_eq!(mesh.service("shop", "cart"), Lookup::Unknown);
    assert_eq!(mesh.service("bar", "web"), Lookup::Unknown);
    mesh.evidence = Evidence::new(&Completeness::All, &Default::default());
    assert_eq!(mesh.service("shop", "cart"), Lookup::Absent);
    mesh.unreadable.push((ManifestId(0), ObjectRef::new("Service", "shop", "cart")));
    assert_eq!(mesh.service("shop", "cart"), Lookup::Unknown, "it exists, but nobody could read it");
    mesh.services.push(service("shop", "web", &[("app", "other")]));
    mesh.forget_lookups();
    assert!(matches!(mesh.service("shop", "web"), Lookup::Ambiguous(..)));
}

#[test]
fn services_are_ordered_by_age_then_host_name_and_undated_ones_come_last() {
    let mut mesh = Mesh::new(Settings::default());
    for (name, created) in [("a", None), ("d", Some("2020-01-01T00:00:00Z")), ("c", Some("2020-01-01T00:00:00Z"))] {
        let mut service = service("shop", name, &[("app", "x")]);
        service.meta.created = created.map(str::to_owned);
        mesh.services.push(service);
    }
    let mut oldest = service("shop", "z", &[("app", "x")]);
    oldest.meta.created = Some("2019-12-31T23:59:59Z".into());
    mesh.services.push(oldest);
    assert_eq!(names(&mesh.services_of_namespace("shop")), ["z", "c", "d", "a"]);
    let pods = workload("shop", "x", &[("app", "x"), ("version", "v1")]);
    assert_eq!(names(&mesh.services_of(&pods)), ["z", "c", "d", "a"]);
}

#[test]
fn services_without_selector_and_external_names_own_no_pods() {
    let mut mesh = Mesh::new(Settings::default());
    mesh.services.push(service("shop", "manual", &[]));
    mesh.services.push(Service { external_name: true, ..service("shop", "outside", &[("app", "x")]) });
    mesh.workloads.push(workload("shop", "x", &[("app", "x")]));
    assert!(mesh.services_of(&workload("shop", "x", &[("app", "x")])).is_empty());
    for service in mesh.services.clone() {
        assert!(mesh.workloads_of(&service).is_empty() && !mesh.has_pods(&service));
    }
    assert_eq!(mesh.subjects().len(), 1);
}

#[test]
fn a_service_without_known_pods_gets_one_stand_in_per_selector() {
    let mut mesh = Mesh::new(Settings::default());
    let mut web = service("shop", "web", &[("app", "web")]);
    web.ports = vec![port(80, TargetPort::Number(8080)), port(81, TargetPort::Name("admin".into()))];
    let mut canary = service("shop", "web-canary", &[("app", "web")]);
    canary.ports = vec![port(80, TargetPort::Number(9090))];
    let elsewhere = service("bar", "web", &[("app", "web")]);
    let known = service("shop", "known", &[("app", "known")]);
    mesh.services = vec![canary, web.clone(), elsewhere, known.clone()];
    mesh.workloads.push(workload("shop", "known", &[("app", "known")]));

    let subjects = mesh.subjects();
    let described: Vec<String> = subjects.iter().map(|w| w.meta.object().to_string()).collect();
    assert_eq!(described, ["Deployment shop/known", "Service bar/web", "Service shop/web"]);
    let stand_in = &subjects[2];
    assert!(stand_in.stand_in);
    assert_eq!(stand_in.pod_labels, labels(&[("app", "web")]));
    assert_eq!(stand_in.ports.iter().map(|p| p.number).collect::<Vec<_>>(), [8080, 9090]);
    assert_eq!(mesh.workloads_of(&web), std::slice::from_ref(stand_in));
    assert!(!mesh.has_pods(&web) && mesh.has_pods(&known));
    assert_eq!(mesh.workloads_of(&known)[0].meta.kind, "Deployment");
}

#[test]
fn e17_a_cluster_config_is_used_alone() {
    let mut mesh = Mesh::new(Settings::default());
    assert_eq!(mesh.effective_config(), None);
    mesh.configs.push(config("RbacConfig", "istio-system"));
    assert_eq!(mesh.effective_config().map(|c| c.meta.kind.as_str()), Some("RbacConfig"));
    mesh.configs.push(config("ClusterRbacConfig", ""));
    assert_eq!(mesh.effective_config().map(|c| c.meta.kind.as_str()), Some("ClusterRbacConfig"));
}

#[test]
fn a_rejected_config_leaves_it_open_whether_access_control_is_on() {
    let mut mesh = Mesh::new(Settings::default());
    mesh.configs.push(config("RbacConfig", "istio-system"));
    let rejected = ObjectRef::new("ClusterRbacConfig", "", "default");
    mesh.rejected.push((ManifestId(7), rejected.clone()));
    assert_eq!(mesh.effective_config(), None);
    assert_eq!(mesh.config_in_doubt(), Some(&rejected));
    mesh.inert.push((ManifestId(7), rejected, crate::finding::catalogue::mesh::NEVER_ACTIVE));
    assert_eq!(mesh.config_in_doubt(), None);
    assert!(mesh.effective_config().is_some());
}

#[test]
fn the_sidecar_that_selects_the_pods_replaces_its_listeners() {
    let sidecar = |namespace: &str, name: &str, selector: &[(&str, &str)], ports: &[u16]| Sidecar {
        meta: Meta::new("Sidecar", namespace, name),
        selector: labels(selector),
        ingress: ports
            .iter()
            .map(|number| SidecarIngress { number: *number, name: "http".into(), protocol: "HTTP".into() })
            .collect(),
    };
    let mut mesh = Mesh::new(Settings::default());
    let web = workload("shop", "web", &[("app", "web")]);
    assert_eq!(mesh.custom_ingress(&web), None);
    mesh.sidecars.push(sidecar("istio-system", "root", &[], &[1]));
    mesh.forget_lookups();
    assert_eq!(mesh.custom_ingress(&web).map(|s| s.ingress[0].number), Some(1));
    mesh.sidecars.push(sidecar("shop", "general", &[], &[2]));
    mesh.forget_lookups();
    assert_eq!(mesh.custom_ingress(&web).map(|s| s.ingress[0].number), Some(2));
    mesh.sidecars.push(sidecar("shop", "web", &[("app", "web")], &[]));
    mesh.forget_lookups();
    assert_eq!(mesh.custom_ingress(&web), None, "the pods' own Sidecar has no ingress and hides the general one");
}

#[test]
fn a_remedy_names_the_exact_command() {
    assert_eq!(kubectl_get("service", "shop", "web"), "kubectl get service web -n shop -o yaml");
    assert_eq!(kubectl_get("meshpolicy", "", "default"), "kubectl get meshpolicy default -o yaml");
}

#[test]
fn every_namespace_of_any_object_is_listed_once() {
    let mut mesh = Mesh::new(Settings::default());
    mesh.namespaces.push(crate::api::core::Namespace { meta: Meta::new("Namespace", "", "empty") });
    mesh.services.push(service("shop", "web", &[]));
    mesh.workloads.push(workload("shop", "web", &[]));
    mesh.configs.push(config("ClusterRbacConfig", ""));
    assert_eq!(mesh.namespace_names(), ["empty", "shop"]);
}
