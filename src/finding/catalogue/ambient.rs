//! Codes about ambient meshes: what ztunnel reads otherwise than a sidecar.

use super::codes;

codes! {
    AMBIENT_ALLOW_L7 = "ambient-allow-l7", Error, Narrower {
        title: "an ALLOW rule about HTTP for pods of an ambient mesh",
        cause: "ztunnel sees connections only. An ALLOW rule with a part about HTTP or tokens is left out as a whole, and a policy without rules denies.",
        risk: "The callers that the rule names are refused by ztunnel, whatever they ask for.",
        remedy: "Attach the policy to a waypoint with targetRefs, and let ztunnel admit the waypoint only; or leave the pods with a sidecar.",
    }
    AMBIENT_DENY_OFF = "ambient-deny-off", Error, Wider {
        title: "a DENY rule that ztunnel never enforces",
        cause: "Of a DENY rule ztunnel leaves out what is about HTTP or tokens. When nothing is left in one of its parts, the rule matches nothing.",
        risk: "What the rule denied is allowed for pods of an ambient mesh.",
        remedy: "Attach the policy to a waypoint with targetRefs, and let ztunnel admit the waypoint only; or leave the pods with a sidecar.",
    }
    AMBIENT_DENY_WIDER_SCOPE = "ambient-deny-wider-scope", Warning, Narrower {
        title: "a DENY rule that denies more under ztunnel",
        cause: "Of a DENY rule ztunnel leaves out what is about HTTP or tokens, and denies everything that the rest of the rule matches.",
        risk: "Requests that the rule was not meant for are refused as well, for example every method on a port.",
        remedy: "Attach the policy to a waypoint with targetRefs, or say without HTTP what is to be denied.",
    }
    AMBIENT_ACTION = "ambient-action", Error, Wider {
        title: "a policy of an action that ztunnel does not know",
        cause: "ztunnel is sent ALLOW and DENY only. CUSTOM and AUDIT are left out; a dry run may be enforced by releases before 1.29.",
        risk: "An external authorizer is never asked, or a policy that was only to be logged refuses callers.",
        remedy: "Attach the policy to a waypoint with targetRefs, leave out --shadow, or leave the pods with a sidecar.",
    }
    AMBIENT_WAYPOINT_LOCKED_OUT = "ambient-waypoint-locked-out", Warning, Narrower {
        title: "an ALLOW policy that does not admit the waypoint before the pods",
        cause: "What comes through a waypoint reaches ztunnel with the identity of the waypoint, not with the caller's.",
        risk: "Everything that goes through the waypoint is refused.",
        remedy: "Admit the waypoint's identity at ztunnel, and move the rule about callers to the waypoint with targetRefs.",
    }
    WAYPOINT_MISSING = "waypoint-missing", Error, Wider {
        title: "a policy attached to a Service without a waypoint",
        cause: "A policy with targetRefs is enforced by the waypoint of what it names. Where no waypoint is asked for, traffic goes straight to the pods.",
        risk: "What the policy denies is allowed, and nothing says so.",
        remedy: "Label the Service or its namespace with `istio.io/use-waypoint`, and see that the waypoint runs; or name the right Service in targetRefs.",
    }
    TRUST_DOMAIN_ALIAS = "trust-domain-alias-ambient", Warning, Narrower {
        title: "a trust domain alias for pods of an ambient mesh",
        cause: "ztunnel takes client certificates of its own trust domain only; aliases, which sidecars know, are refused.",
        risk: "Callers whose certificates still carry an alias cannot reach pods of an ambient mesh.",
        remedy: "Give all clients certificates of the mesh's trust domain before their servers join the ambient mesh, or leave these pods with a sidecar.",
    }
}
