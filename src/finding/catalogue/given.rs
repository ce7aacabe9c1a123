//! Codes of assumptions: what a result takes for granted, because the input cannot show it.

use super::codes;

codes! {
    NO_OTHER_SERVICE = "no-other-service", Note, Narrower {
        title: "no Service beside those of the input selects the same pods",
        cause: "A Service that the input does not show may select the same pods, and the old objects were chosen by Service. The result demands or denies more than the mesh around it, on every port of the pods.",
        risk: "If such a Service exists, some of its callers are turned away.",
        remedy: "Add the Services of the namespace to the input, or say `--inventory-complete=services` when these are all.",
    }
    OLDEST_SERVICE = "oldest-service", Note, Wider {
        title: "no older Service leads to the same container port",
        cause: "Where two Services lead to one container port, old Istio enforced what was said of the older one. A Service that the input does not show may be older than the one whose port is opened here.",
        risk: "If it exists, and less was granted through it, callers reach the port who did not before.",
        remedy: "Look at the Services of the namespace, and add them to the input, or say `--inventory-complete=services` when these are all.",
    }
    NO_OTHER_WORKLOAD = "no-other-workload", Note, Narrower {
        title: "no pods beside those of the input give another number to a named port",
        cause: "The Service leads to a container port by name, and the number is taken from the pods that the input shows. Other pods of the same Service may give the name another number.",
        risk: "If such pods exist, callers of that port are turned away there.",
        remedy: "Add the workloads of the namespace to the input, or say `--inventory-complete=workloads` when these are all.",
    }
    NOT_THE_ROOT_NAMESPACE = "not-the-root-namespace", Note, Wider {
        title: "a namespace that nobody named is not the root namespace",
        cause: "Neither the documents nor the settings name their namespace. In the root namespace a current policy is for the whole mesh, while an old object was for its own namespace only.",
        risk: "If the documents are applied in the root namespace, their policies act on pods of every namespace.",
        remedy: "Say which namespace it is with `-n NAME`, or by folder with `namespaces:` in `meshlift.yaml`.",
    }
    NO_CURRENT_POLICY = "no-current-policy", Note, Wider {
        title: "no current policy beside those of the input bears on these pods",
        cause: "An AuthorizationPolicy, RequestAuthentication or PeerAuthentication that is in the cluster already takes the place of old objects on the pods it selects, and adds to the new ones; a Sidecar with ingress listeners replaces the ports of Services.",
        risk: "If one exists that the input does not show, the old objects had less effect there than the new ones have.",
        remedy: "Add the current policies of the cluster to the input, or say that there are none with `--inventory-complete=peerauthentications,requestauthentications,authorizationpolicies,sidecars`.",
    }
    STATED_FACT = "stated-fact", Note, Wider {
        title: "a fact about the mesh that the user states",
        cause: "`--assume` or `mesh:` in meshlift.yaml says what the input cannot show: where RBAC is on, what the MeshPolicy demands, whether old proxies sniffed. It counts like an object of the inventory, and the result is proved with it.",
        risk: "If it is false, the result grants or denies something else than the mesh did.",
        remedy: "Compare it with what the command beside it prints, or add that output to the input instead.",
    }
    STATED_FACT_OVERRULED = "stated-fact-overruled", Warning, None {
        title: "a stated fact decides nothing, because the input shows the object itself",
        cause: "What is stated with `--assume` or in meshlift.yaml is looked up last, and the input or the inventory holds an object that decides the same question.",
        risk: "None for the result, which goes by the object. Perhaps the object is not the one in force, or the fact is out of date.",
        remedy: "Take the fact away, or leave the object out of the input if it is not the one in force.",
    }
}
