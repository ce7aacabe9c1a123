//! DestinationRule, Sidecar and ServiceEntry, as far as security depends on them.

use super::node::Node;
use super::problems::Problems;
use crate::api::networking::{ClientTls, DestinationRule, ServiceEntry, Sidecar, SidecarIngress};
use crate::api::{Labels, Meta};

/// A DestinationRule. Subsets are not read.
pub(super) fn destination_rule(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> DestinationRule {
    let traffic = spec.message("trafficPolicy", problems);
    let settings = traffic.as_ref().map(|t| t.messages("portLevelSettings", problems)).unwrap_or_default();
    let port_tls = settings.iter().filter_map(|setting| {
        let port = setting.message("port", problems)?.field("number")?.port(problems)?;
        Some((port, client_tls(setting, problems)))
    });
    let port_tls = port_tls.collect();
    DestinationRule {
        meta,
        host: spec.text("host", problems),
        export_to: spec.texts("exportTo", problems),
        has_traffic_policy: traffic.is_some(),
        tls: traffic.and_then(|traffic| client_tls(&traffic, problems)),
        port_tls,
    }
}

fn client_tls(policy: &Node<'_>, problems: &mut Problems) -> Option<ClientTls> {
    let tls = policy.message("tls", problems)?;
    let mode = tls.choice("mode", &["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"], problems);
    let word = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"].get(mode).copied().unwrap_or_default();
    Some(ClientTls { mode: word.to_owned(), place: tls.place_of("/mode") })
}

/// A Sidecar.
pub(super) fn sidecar(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> Sidecar {
    let listeners = spec.messages("ingress", problems);
    let ingress = listeners.iter().filter_map(|listener| {
        let port = listener.message("port", problems)?;
        Some(SidecarIngress {
            number: port.field("number")?.port(problems)?,
            name: port.text("name", problems),
            protocol: port.text("protocol", problems),
        })
    });
    let ingress = ingress.collect();
    Sidecar { meta, selector: workload_selector(spec, problems).unwrap_or_default(), ingress }
}

fn workload_selector(spec: &Node<'_>, problems: &mut Problems) -> Option<Labels> {
    let selector = spec.message("workloadSelector", problems)?;
    Some(selector.labels("labels", problems))
}

/// A ServiceEntry.
pub(super) fn service_entry(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> ServiceEntry {
    ServiceEntry { meta, hosts: spec.texts("hosts", problems), selector: workload_selector(spec, problems) }
}
