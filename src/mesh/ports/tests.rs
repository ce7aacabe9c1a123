use super::*;
use crate::api::core::ContainerPort;
use crate::api::{Labels, Meta};
use crate::mesh::Settings;

fn labels(app: &str) -> Labels {
    Labels::from([("app".to_owned(), app.to_owned())])
}

fn port(name: &str, number: u16, target: TargetPort) -> ServicePort {
    ServicePort { name: name.into(), port: number, target, transport: Transport::Tcp, app_protocol: None }
}

fn service(name: &str, ports: Vec<ServicePort>) -> Service {
    Service {
        meta: Meta::new("Service", "shop", name),
        selector: Some(labels("web")),
        external_name: false,
        headless: false,
        ports,
    }
}

fn workload(ports: &[(&str, u16, Transport)]) -> Workload {
    Workload {
        meta: Meta::new("Deployment", "shop", "web"),
        pod_labels: labels("web"),
        service_account: "default".into(),
        ports: ports
            .iter()
            .map(|(name, number, transport)| ContainerPort {
                name: (*name).into(),
                number: *number,
                transport: *transport,
            })
            .collect(),
        capture: Default::default(),
        stand_in: false,
    }
}

fn mesh(services: Vec<Service>) -> Mesh {
    Mesh { services, ..Mesh::new(Settings::default()) }
}

/// (container port, governing service, its port, shadowed claimants, guessed) of every governed port.
fn check(mesh: &Mesh, workload: &Workload, expected: &[(u16, &str, u16, usize, bool)]) {
    let governed = mesh.governed_ports(workload);
    let found: Vec<_> = governed
        .iter()
        .map(|p| (p.number, p.service.meta.name.as_str(), p.service_port.port, p.shadowed.len(), p.guessed))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn authn_e32_a_named_target_port_is_looked_up_in_the_pods() {
    let mesh = mesh(vec![service("web", vec![port("http", 80, TargetPort::Name("http-web".into()))])]);
    check(&mesh, &workload(&[("http-web", 9090, Transport::Tcp)]), &[(9090, "web", 80, 0, false)]);
}

#[test]
fn authn_e33_a_named_target_port_without_pods_stays_unresolved() {
    let mesh = mesh(vec![service("web", vec![port("http", 80, TargetPort::Name("http-web".into()))])]);
    check(&mesh, &workload(&[("other", 9090, Transport::Tcp)]), &[]);
    let unresolved = mesh.unresolved_ports(&workload(&[]));
    assert_eq!(unresolved.iter().map(|(s, p)| (s.meta.name.as_str(), p.port)).collect::<Vec<_>>(), [("web", 80)]);
    let stand_in = Workload { stand_in: true, ..workload(&[("http-web", 9090, Transport::Tcp)]) };
    assert_eq!(mesh.unresolved_ports(&stand_in).len(), 1, "a stand-in knows no names");
}

#[test]
fn authn_e34_the_same_name_may_lead_to_different_ports_in_different_pods() {
    let mesh = mesh(vec![service("web", vec![port("http", 80, TargetPort::Name("http".into()))])]);
    check(&mesh, &workload(&[("http", 8080, Transport::Tcp)]), &[(8080, "web", 80, 0, false)]);
    check(&mesh, &workload(&[("http", 9090, Transport::Tcp)]), &[(9090, "web", 80, 0, false)]);
}

#[test]
fn authn_e36_a_udp_container_port_of_that_name_is_no_match() {
    let mesh = mesh(vec![service("web", vec![port("http", 80, TargetPort::Name("web".into()))])]);
    let pods = workload(&[("web", 8080, Transport::Udp), ("web", 9090, Transport::Tcp)]);
    check(&mesh, &pods, &[(9090, "web", 80, 0, false)]);
}

#[test]
fn authn_e38_the_oldest_service_governs_and_a_guess_says_so() {
    let port = || vec![port("http", 80, TargetPort::Number(8080))];
    let mut undated = mesh(vec![service("b", port()), service("a", port())]);
    check(&undated, &workload(&[]), &[(8080, "a", 80, 1, true)]);
    for (service, created) in undated.services.iter_mut().zip(["2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]) {
        service.meta.created = Some(created.to_owned());
    }
    undated.forget_lookups();
    check(&undated, &workload(&[]), &[(8080, "b", 80, 1, false)]);
    undated.services[1].meta.created = None;
    undated.forget_lookups();
    check(&undated, &workload(&[]), &[(8080, "b", 80, 1, true)]);
}

#[test]
fn authn_e39_inside_a_service_the_first_listed_port_governs() {
    let ports = vec![port("https", 8443, TargetPort::Number(8080)), port("http", 80, TargetPort::Number(8080))];
    check(&mesh(vec![service("web", ports)]), &workload(&[]), &[(8080, "web", 8443, 1, false)]);
}

#[test]
fn udp_and_sctp_service_ports_are_not_governed() {
    let mut dns = port("dns", 53, TargetPort::Number(53));
    dns.transport = Transport::Udp;
    let mut sctp = port("sctp", 54, TargetPort::Name("missing".into()));
    sctp.transport = Transport::Sctp;
    let mesh = mesh(vec![service("dns", vec![dns, sctp, port("tcp-dns", 53, TargetPort::Number(53))])]);
    check(&mesh, &workload(&[]), &[(53, "dns", 53, 0, false)]);
    assert!(mesh.unresolved_ports(&workload(&[])).is_empty());
}

#[test]
fn protocols_follow_the_port_name_in_the_old_mesh_and_app_protocol_in_the_new_one() {
    use Protocol::{Auto, Http, Tcp};
    let mut mesh = mesh(Vec::new());
    for (name, app_protocol, old, new) in [
        ("http", None, Http, Http),
        ("HTTP2-api", None, Http, Http),
        ("grpc-web-x", None, Http, Http),
        ("httpx", None, Tcp, Auto),
        ("", None, Tcp, Auto),
        ("web", None, Tcp, Auto),
        ("https-web", None, Tcp, Tcp),
        ("mysql", None, Tcp, Tcp),
        ("http", Some("tcp"), Http, Tcp),
        ("web", Some("grpc"), Tcp, Http),
        ("tcp", Some("kubernetes.io/h2c"), Tcp, Http),
        ("http", Some("example.com/own"), Http, Auto),
    ] {
        let port =
            ServicePort { app_protocol: app_protocol.map(str::to_owned), ..port(name, 80, TargetPort::Number(80)) };
        assert_eq!((mesh.old_protocol(&port), mesh.new_protocol(&port)), (old, new), "{name} {app_protocol:?}");
    }
    mesh.settings.inbound_sniffing = crate::mesh::Sniffing::On;
    assert_eq!(mesh.old_protocol(&port("web", 80, TargetPort::Number(80))), Auto);
    assert_eq!(mesh.old_protocol(&port("tcp-web", 80, TargetPort::Number(80))), Tcp);
}
