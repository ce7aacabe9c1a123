//! Codes about peers, targets and modes: what `Policy` and `MeshPolicy` say about mutual TLS, and to whom.

use super::codes;

codes! {
    UNSEEN_PODS = "unseen-pods", Error, Wider {
        title: "pods that are not in the input may stay open",
        cause: "The old policy applied to every pod of its Service. The new object names a container port whose number comes from the pods that the input shows, or selects by labels that only those are known to carry.",
        risk: "Pods of the Service that the input does not show would accept callers that they refused before.",
        remedy: "Add the workloads of the namespace to the input, or say `--inventory-complete=workloads` when these are all.",
    }
    UNRESOLVED_TARGET = "unresolved-target", Error, Wider {
        title: "a policy targets a Service that is not in the input",
        cause: "A target names a Service. The new objects speak of pods and container ports, which only the Service can tell.",
        risk: "Left out, the pods of that Service would lose the mode and the tokens that the policy demanded of their callers.",
        remedy: "Add the Service to the input with --inventory, or pass --inventory-complete=services if it does not exist.",
    }
    MISSING_TARGET = "missing-target", Warning, None {
        title: "a policy targets a Service that does not exist",
        cause: "The inventory is complete and holds no Service of this name in the policy's namespace; a target never reaches into another namespace.",
        risk: "None for access: the old mesh ignored the target as well. Perhaps its author believed otherwise.",
        remedy: "Remove the target, or correct its name and convert again if it was meant to protect something.",
    }
    MISSING_TARGET_PORT = "missing-target-port", Warning, None {
        title: "a target names a service port that its Service does not have",
        cause: "Targets count service ports, by number or by exact name. A container port, or a name in another case, matches nothing.",
        risk: "None for access: the old mesh ignored the port as well. Perhaps its author believed otherwise.",
        remedy: "Remove the port, or name the service port and convert again if it was meant to protect something.",
    }
    TARGET_LABELS = "target-labels-ignored", Note, None {
        title: "labels of a target had no effect",
        cause: "Only Istio 1.2 and 1.3 looked at the labels of a target. Istio 1.4 and 1.5 went by the name of the Service.",
        risk: "None for access; the policy may have been written for fewer pods than it applied to.",
        remedy: "Check that the policy was meant for every pod of the Service.",
    }
    TARGET_WITHOUT_PODS = "target-without-selector", Error, Wider {
        title: "a policy targets a Service that selects no pods",
        cause: "An ExternalName Service has no pods, and for a Service without a selector only hand-written Endpoints say where it leads.",
        risk: "If the Endpoints lead to pods of the mesh, those pods would lose what the policy demanded; an empty selector would hit the whole namespace.",
        remedy: "Give the Service a selector, or accept with --allow target-without-selector if its Endpoints lead out of the mesh.",
    }
    UNRESOLVED_TARGET_PORT = "unresolved-target-port", Error, Wider {
        title: "a named container port whose number is not known",
        cause: "The Service leads to a container port by name, and the number stands only in the pods, which are not in the input.",
        risk: "The port would fall back to the mode of its namespace, and tokens would not be demanded on it.",
        remedy: "Add the workloads of the Service to the input with --inventory.",
    }
    POLICY_ORDER_UNKNOWN = "policy-order-unknown", Error, Wider {
        title: "two policies match one port, and nobody can say which is older",
        cause: "Old Istio enforced the oldest of several matching policies. The manifests carry no creation times, and the policies ask for different things.",
        risk: "If the cluster enforced the stricter policy, converting the other one would open the port.",
        remedy: "Convert the output of `kubectl get policies.authentication.istio.io -A -o yaml`, which has the creation times, or remove one of the policies.",
    }
    POLICY_ORDER_BY_RELEASE = "policy-order-by-release", Warning, None {
        title: "Istio 1.4 and 1.5 enforced different policies on a port",
        cause: "Istio 1.4 took the oldest matching policy. Istio 1.5 took policies that name the port before those that name the Service alone.",
        risk: "The result is right for the release given with --from only.",
        remedy: "Check that --from names the release that enforced the policies.",
    }
    SERVICE_ORDER_UNKNOWN = "service-order-unknown", Error, Wider {
        title: "two Services share a container port, and nobody can say which is older",
        cause: "Old Istio looked up the policy of the oldest Service that leads to a container port. The manifests carry no creation times, and the policies ask for different things.",
        risk: "If the cluster enforced the stricter policy, converting the other one would open the port.",
        remedy: "Convert the output of `kubectl get services -A -o yaml`, which has the creation times, or let both Services have the same policy.",
    }
    SHADOWED_POLICY = "shadowed-policy", Warning, None {
        title: "a policy was never enforced, because another one came first",
        cause: "A container port belongs to the oldest Service that leads to it, and to its first port that does; a namespace has one policy of its own.",
        risk: "None for access: the result is what was enforced. Perhaps the author of the policy believed otherwise.",
        remedy: "Check which of the two was meant, and change the result if it is the other one.",
    }
    INSEPARABLE_WORKLOADS = "inseparable-workloads", Error, Wider {
        title: "workloads need different objects, and no label tells their pods apart",
        cause: "New objects are chosen by pod labels, and selectors cannot exclude. Of several PeerAuthentications for one pod only the oldest counts.",
        risk: "Some pods would get the mode of others, or demand tokens that they never demanded.",
        remedy: "Give the pods a label that differs, for example `version`, and convert again.",
    }
    ROOT_POLICY = "root-namespace-policy", Error, Wider {
        title: "a policy for the root namespace alone",
        cause: "A PeerAuthentication without a selector in the root namespace applies to the whole mesh, so there is none for the root namespace alone.",
        risk: "The workloads of the root namespace fall back to the mode of the mesh.",
        remedy: "Move the workloads to a namespace of their own, or run the new release with another rootNamespace (--root-namespace).",
    }
    ROOT_TARGET = "root-namespace-target", Error, Wider {
        title: "a policy for a workload of the root namespace",
        cause: "Istio ignores a PeerAuthentication with a selector in the root namespace.",
        risk: "The workload falls back to the mode of the mesh.",
        remedy: "Move the workload to a namespace of its own, or run the new release with another rootNamespace (--root-namespace).",
    }
    GATEWAY_PEERS = "gateway-peers-ignored", Note, None {
        title: "peers of a policy for a gateway had no effect",
        cause: "Gateways take their TLS from Gateway objects. Old Istio dropped the mtls peers there, and PeerAuthentication does not apply to gateways.",
        risk: "None for access.",
        remedy: "Nothing needs to be done.",
    }
    UNKNOWN_MESH_POLICY = "unknown-mesh-policy", Error, Wider {
        title: "the MeshPolicy is not in the input, and the result depends on it",
        cause: "Without a MeshPolicy, Istio 1.4 took plaintext only on ports without a policy; the new release takes both plaintext and mutual TLS. Istio's charts created a MeshPolicy in most meshes.",
        risk: "A mesh-wide PeerAuthentication made on a wrong guess would cut or open the whole mesh.",
        remedy: "Add the MeshPolicy to the input with --inventory, or say what it demands with `--assume mtls=strict` (or `permissive`, or `disable`), or pass --inventory-complete=meshpolicies if there is none.",
    }
    IMPLICIT_MESH_DEFAULT = "implicit-mesh-default", Note, None {
        title: "a mesh-wide object stands for the default of Istio 1.4",
        cause: "Without a MeshPolicy, Istio 1.4 took plaintext only on ports without a policy; the new release takes both unless it is told.",
        risk: "None for access: the object keeps what was enforced.",
        remedy: "Once every client is known to work, change the mesh-wide mode to PERMISSIVE and then to STRICT.",
    }
    PLAINTEXT_ONLY = "plaintext-only", Note, None {
        title: "a policy without mtls peers means plaintext only",
        cause: "An old policy replaced the ones above it; without an mtls peer its ports had no TLS at all. DISABLE is the exact counterpart.",
        risk: "None for access. Clients that send mutual TLS on their own are refused, as before.",
        remedy: "Nothing needs to be done; --plaintext permissive writes PERMISSIVE instead, which also takes mutual TLS.",
    }
    PLAINTEXT_PERMISSIVE = "plaintext-made-permissive", Note, Wider {
        title: "plaintext-only ports become PERMISSIVE",
        cause: "The option --plaintext permissive asks for it: clients that send mutual TLS on their own then work without DestinationRules.",
        risk: "Mutual TLS is newly accepted, and protocols in which the server speaks first may hang while the proxy waits for TLS.",
        remedy: "Convert with --plaintext disable to keep exactly what was enforced.",
    }
    ALLOW_TLS = "allow-tls-ignored", Note, None {
        title: "allowTls had no effect",
        cause: "Since 1.1 Istio demanded a client certificate whatever allowTls said.",
        risk: "None for access: the mode stays as it was enforced.",
        remedy: "Nothing needs to be done.",
    }
    PEER_IS_OPTIONAL = "peer-is-optional-ignored", Note, Narrower {
        title: "peerIsOptional did not relax mutual TLS",
        cause: "The TLS listener demanded a client certificate all the same; the flag only let certificates of a foreign trust domain pass on HTTP ports.",
        risk: "Callers from a foreign trust domain are refused unless it is among the trustDomainAliases.",
        remedy: "Add foreign trust domains that must keep access to meshConfig.trustDomainAliases.",
    }
    UNDECLARED_PORTS = "undeclared-ports", Note, Narrower {
        title: "ports that no Service declares become STRICT",
        cause: "Old policies reached only ports that a Service leads to. The mode of a PeerAuthentication covers every port of its pods.",
        risk: "Plaintext clients of such ports, for example metrics scrapers outside the mesh, are refused.",
        remedy: "Add portLevelMtls with mode PERMISSIVE for these ports to a PeerAuthentication with a selector (Istio 1.9 and later).",
    }
    EXISTING_PEER = "existing-peer-authentication", Error, Wider {
        title: "a PeerAuthentication in the input wins over the new one",
        cause: "Of several PeerAuthentications for one workload, namespace or mesh only the oldest counts, and meshlift does not change objects of the current kinds.",
        risk: "The port would have another mode than the old policy enforced.",
        remedy: "Change the existing PeerAuthentication, then run meshlift again.",
    }
    MTLS_REPLACED = "mtls-already-replaced", Note, None {
        title: "a PeerAuthentication has taken the place of a policy's peers already",
        cause: "Istio 1.5 ignored the peers of old policies wherever a PeerAuthentication applied, and new objects are younger than existing ones.",
        risk: "None for access: the existing object stays as it is.",
        remedy: "Nothing needs to be done.",
    }
    DESTINATION_RULE_CONFLICT = "destination-rule-conflict", Warning, Narrower {
        title: "a DestinationRule makes clients send what the server refuses",
        cause: "STRICT refuses plaintext (tls mode DISABLE), and DISABLE refuses mutual TLS (tls mode ISTIO_MUTUAL). DestinationRules count service ports, PeerAuthentications container ports.",
        risk: "Calls of this host and port fail.",
        remedy: "Change the tls mode of the DestinationRule for this host and port.",
    }
    STRICT_BELOW_DISABLE = "strict-below-disable", Warning, Narrower {
        title: "a STRICT workload in a plaintext namespace or mesh",
        cause: "Before they start mutual TLS on their own, clients look at the mode of the namespace and the mesh only (istio/istio#56084).",
        risk: "Clients in the mesh send plaintext to the workload and are refused.",
        remedy: "Add a DestinationRule with tls mode ISTIO_MUTUAL for the host, or make the namespace or mesh PERMISSIVE (--plaintext permissive).",
    }
    DISABLE_UNSEEN_BY_CLIENTS = "disable-unseen-by-clients", Warning, Narrower {
        title: "clients do not see that a port takes plaintext only",
        cause: "Before Istio 1.12, and for headless Services in every release, clients with automatic mutual TLS do not look at the modes of workloads and ports.",
        risk: "Clients in the mesh send mutual TLS to the port and are refused.",
        remedy: "Add a DestinationRule with tls mode DISABLE for the host and service port, or convert with --plaintext permissive.",
    }
    AMBIENT_NAMESPACE = "ambient-namespace", Warning, Wider {
        title: "a policy for a namespace in ambient mode",
        cause: "ztunnel knows STRICT and PERMISSIVE only, and leaves tokens and HTTP rules to a waypoint that selectors do not reach.",
        risk: "Ports that took plaintext only also take mutual TLS; tokens are not checked until a waypoint does it.",
        remedy: "Check the namespace by hand; RequestAuthentication and AuthorizationPolicy need a waypoint and targetRefs there.",
    }
    TARGET_TOO_OLD = "target-release-too-old", Error, Wider {
        title: "the target release does not know the new kinds",
        cause: "PeerAuthentication, RequestAuthentication and AuthorizationPolicy with action DENY exist since Istio 1.5.",
        risk: "The objects would be ignored or refused by the cluster.",
        remedy: "Name the release that will run the result with --to, 1.5 or later.",
    }
    NO_EFFECT = "policy-without-effect", Warning, None {
        title: "a policy that governed nothing",
        cause: "Every port that its targets mean is governed by another policy, or belongs to no workload that is known.",
        risk: "None for access, as far as the input tells. Perhaps its author believed otherwise.",
        remedy: "Remove the policy, or check that all Services and workloads it is for are in the input.",
    }
    REFUSED_TOGETHER = "refused-together", Error, None {
        title: "a policy shares an object with one that was refused",
        cause: "Several old policies for the same pods become one new object, which cannot be written while one of them is refused.",
        risk: "Half an object would leave ports of the pods open.",
        remedy: "Resolve the finding of the other policy.",
    }
}
