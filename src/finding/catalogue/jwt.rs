//! Codes about tokens: origins, trigger rules, and the objects that replace them.

use super::codes;

codes! {
    REGEX_TRIGGER = "regex-trigger", Error, Narrower {
        title: "a regular expression in a trigger rule",
        cause: "Old trigger rules matched paths with regular expressions. AuthorizationPolicies know exact paths, prefixes and suffixes, and this expression is provably equal to none of them.",
        risk: "Accepted with --allow, meshlift demands tokens on more paths than before: an exclusion is dropped, and an inclusion becomes its literal start.",
        remedy: "Rewrite the condition as exact, prefix or suffix, or accept the stricter form with --allow regex-trigger.",
    }
    PATH_NOT_EXPRESSIBLE = "path-not-expressible", Warning, Narrower {
        title: "a path with characters that mean something in the new API",
        cause: "In the paths of an AuthorizationPolicy a star at the start or end is a wildcard, and since 1.22 braces are templates. The old conditions took them literally.",
        risk: "Tokens are demanded on more paths than before.",
        remedy: "Check the rule in the result, and rewrite the old condition without these characters if the difference matters.",
    }
    TRIGGER_OVERLAP = "trigger-overlap", Error, Narrower {
        title: "methods with different trigger rules whose paths cannot be separated",
        cause: "Where several methods were triggered, a token of any of them would do. The new rules need the paths on which exactly these were triggered, and no list of paths says both a prefix and a suffix, or a condition that is not expressible.",
        risk: "Accepted with --allow, each method is demanded on its own paths: where two overlap no single token satisfies both, and such paths are cut off.",
        remedy: "Give the methods the same trigger rules, or accept the stricter form with --allow trigger-overlap.",
    }
    BAD_TOKEN_REJECTED = "bad-token-rejected", Note, Narrower {
        title: "invalid tokens are refused where none was needed",
        cause: "Old Istio ignored tokens where no method was triggered. A RequestAuthentication has no paths and no ports: it refuses an invalid token everywhere on the workload.",
        risk: "Clients that send an expired or foreign token to such a path or port now get 401.",
        remedy: "Make sure that clients send valid tokens or none; there is no form without this difference.",
    }
    JWT_ON_TCP_PORT = "jwt-on-tcp-port", Warning, None {
        title: "tokens on a port that is not HTTP were never looked at",
        cause: "Old Istio read tokens on HTTP ports only, which it knew by the name of the service port: http, http2, grpc and the like. Where 1.5 sniffed inbound connections, ports without a name for another protocol took tokens too; `--assume sniffing=on` or `--assume sniffing=off` says whether it did.",
        risk: "None for access: nothing is demanded on the port, as before. Perhaps the author of the policy believed otherwise.",
        remedy: "Name the service port `http-...` and convert again if tokens should be demanded on it.",
    }
    JWT_ON_SNIFFED_PORT = "jwt-on-sniffed-port", Warning, Narrower {
        title: "tokens on a port that takes HTTP and other protocols",
        cause: "Where Istio sniffs the protocol, tokens were demanded of HTTP requests and other connections passed. A DENY rule for the port refuses the others altogether.",
        risk: "Connections to the port that are not HTTP fail.",
        remedy: "Name the service port after its protocol, so that only one kind of traffic is meant.",
    }
    KNOWN_WORKLOADS_ONLY = "known-workloads-only", Error, Wider {
        title: "tokens of a whole namespace or mesh are demanded on known ports only",
        cause: "A policy for a namespace or the mesh demanded tokens on every HTTP port. The rules that replace it have to list container ports, and sometimes workloads, or they would cut off everything that is not HTTP.",
        risk: "A Service that is not in the input, or is added later, accepts requests without a token.",
        remedy: "Pass --inventory-complete=services,workloads if the input holds every Service and workload, or add them with --inventory.",
    }
    ISSUER_WITH_TWO_KEYS = "issuer-with-two-keys", Error, Wider {
        title: "one issuer with different keys or token locations on two ports",
        cause: "Policies were chosen per port. Rules of a RequestAuthentication hold for the whole workload, and a token that any rule of its issuer takes is valid.",
        risk: "A token that was good for one port only would pass on the other.",
        remedy: "Let both ports use the same key set and locations, or different issuers.",
    }
    EXISTING_REQUEST = "existing-request-authentication", Error, Wider {
        title: "a RequestAuthentication in the input has a rule for the same issuer",
        cause: "RequestAuthentications add up: a token that any rule of an issuer takes is valid.",
        risk: "Tokens with other keys or audiences than the old policy took would be valid.",
        remedy: "Remove the rule from the existing RequestAuthentication, or accept it with --allow existing-request-authentication if both say the same.",
    }
    JWT_REPLACED = "jwt-already-replaced", Note, None {
        title: "a RequestAuthentication has taken the place of a policy's origins already",
        cause: "Istio 1.5 ignored the origins of old policies wherever a RequestAuthentication applied.",
        risk: "None for access: the existing object stays as it is.",
        remedy: "Nothing needs to be done.",
    }
    USE_ORIGIN_WITHOUT_ORIGINS = "use-origin-without-origins", Error, Wider {
        title: "a policy that refused every HTTP request",
        cause: "principalBinding USE_ORIGIN needs an origin. Without one the old filter answered every HTTP request with 401, which is surely a mistake.",
        risk: "Left out, requests that were refused would pass.",
        remedy: "Mend or remove the policy, or keep the refusal with --allow use-origin-without-origins.",
    }
    PEER_JWT = "peer-jwt", Warning, Narrower {
        title: "a JWT as peer method",
        cause: "The old filter took the identity of the caller from the token. The new API knows tokens as origins only.",
        risk: "Access rules that read source.principal no longer match these callers, and CORS preflights are refused even with a token.",
        remedy: "Use requestPrincipals in access rules for these callers.",
    }
    PEER_JWT_IGNORED = "peer-jwt-ignored", Note, Narrower {
        title: "a JWT peer beside an mtls peer had no effect",
        cause: "One valid peer is enough, and on a sidecar the mtls peer was valid for every connection that got through. Only a certificate of a foreign trust domain made the token count.",
        risk: "Callers from a foreign trust domain that sent a token are refused.",
        remedy: "Add foreign trust domains that must keep access to meshConfig.trustDomainAliases.",
    }
    PREFLIGHT_TOKEN = "preflight-token", Error, Wider {
        title: "a RequestAuthentication that looked at CORS preflights",
        cause: "Until Istio 1.14 a RequestAuthentication refused a CORS preflight with an invalid token like any other request; since then preflights pass unread. It is an effect of the upgrade, accepted by name without `--strict`.",
        risk: "Preflights with an invalid token, which were refused, reach the workload.",
        remedy: "Do without `--strict`, or accept the finding with `--allow preflight-token`.",
    }
    PEER_TOKEN_COMES_FIRST = "peer-token-comes-first", Error, Wider {
        title: "a jwt peer before the mtls peer names the caller",
        cause: "Peer methods were asked in order, and the first that accepted a caller named it. A caller with a token of the jwt peer was `issuer/subject` to access rules, or nobody where the token has no subject; the new API always takes the certificate.",
        risk: "Access rules for an identity or for any authenticated caller match the certificates of these callers, which they did not before.",
        remedy: "Put the mtls peer first, or remove the jwt peer, which changes who has access to callers that send such a token; or accept the finding with `--allow peer-token-comes-first`.",
    }
    PEER_AND_ORIGIN_TOKENS = "peer-and-origin-tokens", Error, Wider {
        title: "a policy that needs two tokens in one request",
        cause: "A jwt peer and an origin each needed a verified token. The new API knows one token per request.",
        risk: "Demanding one of them would let callers in that had only that one.",
        remedy: "Decide which of the two tokens counts, and remove the other from the policy.",
    }
    MESH_JWT_WITHOUT_KEYS = "mesh-jwt-without-keys", Error, Wider {
        title: "a MeshPolicy with an issuer that has no keys",
        cause: "Istio never discovered the keys of an issuer in a MeshPolicy, so it refused all its tokens. The new release discovers them.",
        risk: "Tokens of the issuer become valid.",
        remedy: "Add jwksUri to the policy if the tokens should be valid, or accept with --allow mesh-jwt-without-keys.",
    }
    ISSUER_SLASH = "issuer-ends-with-slash", Error, Wider {
        title: "an issuer without jwksUri that ends with a slash",
        cause: "Old Istio asked for the keys at an address with two slashes, which many providers do not serve; the new release leaves one out.",
        risk: "Tokens of the issuer may become valid that never were.",
        remedy: "Add jwksUri to the policy, or accept with --allow issuer-ends-with-slash if its tokens were valid.",
    }
    INVALID_JWKS = "invalid-jwks", Error, None {
        title: "inline keys that are not a JSON Web Key Set",
        cause: "Istio since 1.10 checks jwks when the object is created: it has to be a JSON object with a list of keys.",
        risk: "The cluster would refuse the object.",
        remedy: "Replace jwks by a JSON Web Key Set or by jwksUri.",
    }
    EXCHANGED_TOKEN = "exchanged-token", Warning, Narrower {
        title: "exchanged tokens of the header ingress-authorization",
        cause: "Old Istio took the claims of such a token from its claim original_claims. The new release takes the claims of the token itself.",
        risk: "Access rules on claims no longer match such tokens.",
        remedy: "Rewrite access rules for these tokens to the nested claim, for example request.auth.claims[original_claims][iss].",
    }
    AUTHORIZATION_HEADER = "authorization-header-without-prefix", Warning, None {
        title: "the Authorization header is read without Bearer",
        cause: "Listed in jwtHeaders, a header was read as it is, so `Bearer x` was no token. Without jwtHeaders the prefix is expected.",
        risk: "None for access: the result reads it in the same way.",
        remedy: "Remove jwtHeaders if clients send `Authorization: Bearer ...`.",
    }
    JWT_DISABLES_RBAC = "jwt-policy-disables-rbac", Error, Wider {
        title: "an AuthorizationPolicy would switch ServiceRoles off",
        cause: "Istio 1.5 ignores ServiceRoles and ClusterRbacConfig for a workload as soon as any AuthorizationPolicy matches it, and tokens cannot be demanded without one.",
        risk: "Everything that the ServiceRoles denied would pass until their replacements are there.",
        remedy: "Convert for Istio 1.6 or later with --to, or accept with --allow jwt-policy-disables-rbac and apply all objects together.",
    }
    REQUEST_PRINCIPAL = "use-peer-principal", Warning, None {
        title: "the request principal was the peer's identity",
        cause: "With principalBinding USE_PEER, the default, request.auth.principal was the identity of the certificate. In the new API it is always issuer and subject of the token.",
        risk: "Access rules that read it match other callers than before.",
        remedy: "Use source.principal (`principals`) in these rules instead of the request principal.",
    }
    CLAIMS_ON_MORE_REQUESTS = "claims-on-more-requests", Error, Wider {
        title: "an access rule reads tokens that were not read everywhere",
        cause: "Old Istio gave access rules the claims of a token only on ports with origins, and only on paths that triggered them. A RequestAuthentication gives them on every path and HTTP port of the workload.",
        risk: "The rule grants access on paths and ports where it never matched.",
        remedy: "Limit the rule to the ports and paths on which tokens were read, or accept with --allow claims-on-more-requests.",
    }
    GATEWAY_PORTS = "gateway-ports", Note, None {
        title: "container ports of gateways changed with Istio 1.6",
        cause: "Gateway pods listened on 80 and 443 before 1.6 and listen on 8080 and 8443 since. AuthorizationPolicies speak of container ports.",
        risk: "None for access: the rules name both numbers.",
        remedy: "Remove the number that the gateway of the new release does not use.",
    }
    GATEWAY_TLS_PORT = "gateway-tls-port", Note, Narrower {
        title: "tokens on a gateway port that may carry TLS",
        cause: "On a gateway, tokens were demanded where a Gateway server speaks HTTP, also behind TLS that it terminates. The name of the Service's port does not tell whether it does.",
        risk: "A server on this port that passes TLS through instead of terminating it refuses every connection.",
        remedy: "Check the Gateway servers of this port, and take the port out of the rules if they pass TLS through.",
    }
    ORIGIN_NOT_MAPPED = "origin-not-mapped", Error, Wider {
        title: "the mapping leaves an origin out",
        cause: "The mapping file in use does not make a JWT rule of every origin.",
        risk: "Tokens of the missing origin would be refused, or not demanded.",
        remedy: "Mend the mapping file given with --mappings.",
    }
    TOO_MANY_RULES = "too-many-rules", Error, None {
        title: "an AuthorizationPolicy with more rules than Istio takes",
        cause: "The trigger rules of the policy need more rules than one AuthorizationPolicy may hold.",
        risk: "The cluster would refuse the object.",
        remedy: "Simplify the trigger rules of the policy.",
    }
}
