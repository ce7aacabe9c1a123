//! Codes of the area `rbac`: ServiceRole, ServiceRoleBinding, ClusterRbacConfig and RbacConfig.

use super::codes;

codes! {
    RBAC_OFF = "rbac-off", Note, None {
        title: "RBAC that was switched off",
        cause: "The effective ClusterRbacConfig has the mode OFF (also the default), so old Istio checked no request, whatever roles and bindings said.",
        risk: "Converting the roles would start to deny requests, because any ALLOW policy denies everything that it does not list.",
        remedy: "Remove the old objects; to enforce the roles after all, set a mode and convert again.",
    }
    NO_RBAC_CONFIG = "no-rbac-config", Error, None {
        title: "roles and bindings without a config in reach",
        cause: "Roles and bindings take effect only where a ClusterRbacConfig named `default` switches RBAC on, and the input holds none; the cluster may hold one all the same.",
        risk: "If RBAC was on, leaving the roles out would leave everything open or everything denied; if it was off, converting them would start to deny requests.",
        remedy: "Add the output of `kubectl get clusterrbacconfig default -o yaml` to the input, or say what it holds with `--assume rbac=on` (or `off`, or `namespaces:a,b`), or say with `--inventory-complete=clusterrbacconfigs,rbacconfigs` that there is none.",
    }
    SEVERAL_CONFIGS = "several-rbac-configs", Error, None {
        title: "two configs of which only one was read",
        cause: "Istio used the first RbacConfig or ClusterRbacConfig named `default` that its store listed, and the order of the store is not in the manifests.",
        risk: "Taking the wrong one could open or close the whole mesh.",
        remedy: "Remove the config that was not in force, then convert again.",
    }
    CONFIG_OVERRIDDEN = "rbac-config-overridden", Note, None {
        title: "an RbacConfig beside a ClusterRbacConfig",
        cause: "When a ClusterRbacConfig named `default` exists, Istio uses it alone and never reads an RbacConfig.",
        risk: "None: the object had no effect and becomes nothing.",
        remedy: "Remove the RbacConfig.",
    }
    CONFIG_REFUSED = "rbac-config-refused", Error, None {
        title: "roles whose config was refused",
        cause: "Where RBAC was on decides what every role and binding did, and the config that says so could not be read or converted.",
        risk: "Roles converted without their config would grant or deny in the wrong places.",
        remedy: "Mend the config that the other finding names, then convert again.",
    }
    PERMISSIVE_CONFIG = "permissive-rbac-config", Warning, None {
        title: "a config that only logged",
        cause: "With `enforcementMode: PERMISSIVE` old Istio logged what it would have denied and denied nothing; the new API has no such switch.",
        risk: "Enforcing the policies now would deny requests that were let through.",
        remedy: "Leave it out, or write dry-run copies with `--shadow`.",
    }
    CONFIG_ENABLES_NOTHING = "rbac-config-enables-nothing", Warning, None {
        title: "a config that switches RBAC on for nothing",
        cause: "The inclusion list is empty or names nothing that exists, so RBAC was on nowhere.",
        risk: "None: nothing was denied, and nothing is denied now.",
        remedy: "Remove the config and the roles, or name what was meant and convert again.",
    }
    CONFIG_NAMES_NO_SERVICE = "config-names-no-service", Warning, None {
        title: "a service in the config that matches nothing",
        cause: "The config's services are compared literally with host names like `app.default.svc.cluster.local`; short names, patterns and other domains match nothing.",
        risk: "None for access: the entry had no effect. Its author may believe that the service is protected, or exempt.",
        remedy: "Correct the host name if it was meant to count, which changes who has access, or remove the entry.",
    }
    CONFIG_NAMES_NO_NAMESPACE = "config-names-no-namespace", Warning, None {
        title: "a namespace in the config that cannot exist",
        cause: "The config's namespaces are compared literally; no namespace has such a name, and `*` is not special.",
        risk: "None for access: the entry had no effect. Its author may believe otherwise.",
        remedy: "Correct the entry if it was meant to count, which changes who has access, or remove it.",
    }
    ROOT_SERVICES_UNKNOWN = "root-services-unknown", Error, Wider {
        title: "the root namespace is included and its Services are not all known",
        cause: "A policy without a selector in the root namespace is mesh-wide, so the inclusion of that namespace has to be written out Service by Service.",
        risk: "A Service of the root namespace that is not in the input would be open.",
        remedy: "Add the Services of the root namespace to the input and say `--inventory-complete=services,workloads`, or accept the finding with `--allow root-services-unknown`.",
    }
    EXCLUSION_ENUMERATED = "exclusion-enumerated", Warning, Narrower {
        title: "an excluded namespace is opened Service by Service",
        cause: "One policy for the whole namespace would open more than the namespace, or undo restrictions that exist, so each known Service gets a policy of its own.",
        risk: "Pods of the namespace that no Service in the input selects are denied by default.",
        remedy: "Add all Services of the namespace to the input.",
    }
    CANNOT_CLOSE_SERVICE = "cannot-close-service", Error, Wider {
        title: "an included Service without a selector",
        cause: "AuthorizationPolicies select pods by labels, and a Service without a selector does not say which pods are behind it.",
        risk: "The pods were closed by default and would be open.",
        remedy: "Give the Service a selector, write a policy for its pods by hand, or accept the finding with `--allow cannot-close-service`.",
    }
    CLOSES_DENY_ONLY = "default-deny-closes-workload", Error, Narrower {
        title: "a default denial over pods that have DENY policies only",
        cause: "Istio 1.4 and 1.5 ignored old RBAC for pods that an AuthorizationPolicy selects, so these pods were open except for what the DENY policies name. The new default denial selects them too.",
        risk: "Requests to these pods that were let through would be denied.",
        remedy: "Write an ALLOW policy for these pods, or accept the finding with `--allow default-deny-closes-workload`.",
    }
    UNDECLARED_CLOSED = "undeclared-ports-closed", Warning, Narrower {
        title: "pods and ports that no Service declares are closed",
        cause: "Old RBAC was attached to the ports that Services declare. A default denial covers all ports of all pods, and only ports of known Services can be kept open.",
        risk: "Callers of undeclared ports, or of pods without a Service, are denied.",
        remedy: "Declare the ports in a Service and write policies for them.",
    }
    UNRESOLVED_SERVICE = "unresolved-service", Error, Narrower {
        title: "a service that is not in the input",
        cause: "The old objects name services, the new ones select pods by labels, and only the Service says which labels those are.",
        risk: "Without the Service its callers would be denied, or its pods would stay open.",
        remedy: "Add the Service to the input with --inventory, or say with --inventory-complete=services that it does not exist.",
    }
    MATCHES_NO_SERVICE = "matches-no-service", Warning, None {
        title: "a service pattern that matches nothing",
        cause: "Patterns are compared with the full host name of the services of the role's own namespace. Short names, suffixes of short names and services of other namespaces match nothing.",
        risk: "None for access: the rule granted nothing, and grants nothing now. istioctl's old converter would have granted it.",
        remedy: "Correct the pattern if it was meant to count, which changes who has access, or remove the rule.",
    }
    RBAC_NOT_ENABLED = "rbac-not-enabled", Warning, None {
        title: "a role where RBAC was not on",
        cause: "The config does not switch RBAC on for the services of this role, so nothing was denied and the role had no effect.",
        risk: "Converting the role would start to deny requests, because any ALLOW policy denies everything that it does not list.",
        remedy: "Remove the role and its bindings, or switch RBAC on for the services and convert again.",
    }
    SELECTORLESS_SERVICE = "selectorless-service", Warning, Narrower {
        title: "a granted Service without a selector",
        cause: "AuthorizationPolicies select pods by labels, and a Service without a selector does not say which pods are behind it.",
        risk: "Callers of these pods are denied where the namespace is denied by default.",
        remedy: "Give the Service a selector, or write a policy for its pods by hand.",
    }
    PATTERN_ENUMERATED = "pattern-enumerated", Note, Narrower {
        title: "a service pattern written out for the Services of today",
        cause: "A pattern covered services that were created later; selectors cover the pods of the Services that are known now.",
        risk: "Callers of a Service created later are denied until it has a policy of its own.",
        remedy: "Add a policy with each new Service that the pattern was meant to cover.",
    }
    RULE_NEVER_APPLIES = "rule-never-applies", Warning, None {
        title: "an access rule whose constraint never holds",
        cause: "Old Istio decided constraints on the destination's namespace, name, labels and service account before any request; this one holds for no pods.",
        risk: "None for access: the rule granted nothing, and grants nothing now.",
        remedy: "Correct the constraint if it was meant to hold, which changes who has access, or remove the rule.",
    }
    LABEL_PATTERN = "label-pattern", Warning, Narrower {
        title: "a label pattern without pods to read the values from",
        cause: "Selectors compare labels exactly. A pattern or `*` has to be written out for the values that the pods have, and no manifests of the pods are in the input.",
        risk: "The callers that the rule named are denied there.",
        remedy: "Add the Deployments of the namespace to the input, or write the label values out in the role.",
    }
    SERVICE_ACCOUNT = "destination-service-account", Warning, Narrower {
        title: "a constraint on the service account of the destination",
        cause: "No policy can ask for the service account that the destination runs under, and labels do not show it here.",
        risk: "The callers that the rule named are denied there.",
        remedy: "Give the pods of each service account a label of their own, or write a policy with their labels by hand.",
    }
    SERVICE_ACCOUNT_SNAPSHOT = "destination-service-account-snapshot", Warning, None {
        title: "a service account replaced by the labels of today",
        cause: "No policy can ask for the service account that the destination runs under, so the pods were found by their labels.",
        risk: "If these pods later run under another service account, the grant stays although the old role would have ended it.",
        remedy: "Review the policy whenever the service account of these pods changes.",
    }
    ROOT_SELECTOR_COLLISION = "root-selector-collision", Error, Wider {
        title: "a selector in the root namespace that selects pods elsewhere",
        cause: "A policy in the root namespace selects matching pods of every namespace, and old roles of that namespace governed its own services only.",
        risk: "Pods of other namespaces would be opened, or closed, by a policy that is not about them.",
        remedy: "Give the pods of the root namespace a label that no others have and select by it in the Service, or accept the finding with `--allow root-selector-collision`.",
    }
    ROOT_SELECTOR = "root-selector", Warning, None {
        title: "a selector in the root namespace",
        cause: "A policy in the root namespace selects matching pods of every namespace. No known pods elsewhere carry these labels.",
        risk: "Pods created later in another namespace with these labels get the policy too.",
        remedy: "Keep the labels of these pods unique in the mesh.",
    }
    SHARED_PORT = "shared-port", Error, Wider {
        title: "services that share a port on some pods",
        cause: "Old Istio let the oldest Service of a pod govern a port. Selectors cannot exclude pods, so a rule for one Service would also cover the pods where another one governs.",
        risk: "Callers would reach a port that belongs to a Service whose roles do not name them.",
        remedy: "Give the pods of the two Services labels that tell them apart, or accept the finding with `--allow shared-port`.",
    }
    PORT_OWNER_UNKNOWN = "port-owner-unknown", Error, Wider {
        title: "two Services claim a port and neither is known to be older",
        cause: "The oldest Service governed a port that several declare, and the manifests hold no creation times.",
        risk: "The grant could belong to the other Service, and callers would reach a port that they could not reach.",
        remedy: "Add the Services as the cluster holds them (`kubectl get services -A -o yaml`), or accept the finding with `--allow port-owner-unknown`.",
    }
    GOVERNS_NO_PORT = "governs-no-port", Warning, None {
        title: "a Service that governs no port of its pods",
        cause: "Another, older Service declares the same ports of the same pods, and old Istio let the oldest one govern; or the rule names ports that are not the service's.",
        risk: "None for access: the rule granted nothing, and grants nothing now.",
        remedy: "Remove the rule, or write it for the Service that governs the ports, which changes who has access.",
    }
    NAMED_PORT_UNRESOLVED = "named-port-unresolved", Warning, Narrower {
        title: "a named targetPort on shared pods",
        cause: "The rule has to be limited to the container ports of its Service, and the Service leads to a port by a name that no manifest of its pods explains.",
        risk: "The callers that the rule named are denied there.",
        remedy: "Add the Deployment of the pods to the input.",
    }
    HTTP_RULE_ON_TCP_PORT = "http-rule-on-tcp-port", Warning, None {
        title: "a rule about HTTP on a port that was TCP",
        cause: "Old Istio took the protocol from the port's name and treated unnamed ports as TCP, where it dropped rules about methods, paths, hosts, headers and tokens. Current Istio detects HTTP there.",
        risk: "Carried over as it stands, the rule would start to grant; so it is left out for that port.",
        remedy: "If the grant is wanted, name the port `http` or set its appProtocol and write the policy, which changes who has access.",
    }
    PORT_IS_TCP_SOMEWHERE = "port-is-tcp-somewhere", Warning, Narrower {
        title: "a port number that is TCP on some pods and HTTP on others",
        cause: "Rules about HTTP applied on the pods where the port was HTTP and were dropped where it was TCP, and one policy covers both.",
        risk: "Callers lose the port on the pods where it was HTTP.",
        remedy: "Name the port `http` in all Services, or use different port numbers.",
    }
    NAMESPACE_PATTERN_ON_TCP = "namespace-pattern-on-tcp", Warning, Narrower {
        title: "a namespace pattern on a TCP port of Istio 1.4",
        cause: "On TCP ports, Istio 1.2 to 1.4 read the star of a namespace pattern as a repetition of the character before it, so `prod-*` matched `prod` and not `prod-eu`.",
        risk: "Callers that matched by this accident are denied; the pattern itself never let in whom it seems to.",
        remedy: "Name the namespaces that need the port in a policy for it.",
    }
    IDENTITY_PATTERN_ON_TCP = "identity-pattern-on-tcp", Warning, Narrower {
        title: "an identity pattern on a TCP port of Istio 1.4",
        cause: "On TCP ports, Istio 1.2 to 1.4 compared an identity with a leading star as if the star were `spiffe://`: it matched, or excluded, only the identity that it spells out, if it spells one out in full.",
        risk: "The rule is kept off TCP ports, so the callers that it let in there are denied; the pattern itself never meant there what it says.",
        remedy: "Name the identities that need the port in a policy for it.",
    }
    GATEWAY_KNEW_NO_PEER = "gateway-knew-no-peer", Warning, None {
        title: "a rule about the caller's identity on a gateway",
        cause: "Old gateways took no identity from client certificates on HTTP, so rules that ask for one never matched there; current Istio reads the certificate.",
        risk: "Carried over, the rule would start to let in callers with a client certificate.",
        remedy: "If the grant is wanted, write an AuthorizationPolicy for the gateway by hand, which changes who has access.",
    }
    STAR_PRINCIPAL = "star-principal", Warning, Narrower {
        title: "`source.principal: \"*\"` asks for a certificate now",
        cause: "Istio 1.2 to 1.5 read `*` here as anyone, even without a certificate; the documentation and 1.1 said any authenticated caller.",
        risk: "Callers without a client certificate are denied, as the documentation promised.",
        remedy: "Nothing if the documentation was meant; pass `--legacy-bug-compat` to keep admitting unauthenticated callers.",
    }
    IDENTITY_WITH_SCHEME = "identity-with-scheme", Warning, None {
        title: "an identity that starts with `spiffe://`",
        cause: "Identities are compared without their scheme, in the old API and in the new one, so such a value matches nobody.",
        risk: "None for access: the value granted nothing, and excluded nobody.",
        remedy: "Remove the scheme if the value was meant to count, which changes who has access.",
    }
    IDENTITY_NOW_EXPANDED = "identity-now-expanded", Error, Wider {
        title: "an identity that trust domain aliases now apply to",
        cause: "The new API replaces the trust domain of every identity by the mesh's trust domain and its aliases. Old Istio did so for `user` and `source.principal` only, not for `names`, `notNames` and `source.user`.",
        risk: "Callers of the aliased trust domains match now, and callers of a literal `cluster.local` may not.",
        remedy: "Write the identity with `user`, or accept the finding with `--allow identity-now-expanded`.",
    }
    SUFFIX_IS_REGEX = "suffix-identity-is-regex", Error, Wider {
        title: "a suffix identity with dots on a release that reads it as a regular expression",
        cause: "Releases before 1.28.7, 1.29.3 and 1.30.0 turn an identity with a leading star into a regular expression without escaping its dots.",
        risk: "An identity that has any other character in the place of a dot matches too.",
        remedy: "Choose a newer release with `--to`, write the identities out, or accept the finding with `--allow suffix-identity-is-regex`.",
    }
    NAMESPACE_IS_REGEX = "namespace-is-regex", Error, Wider {
        title: "a namespace that old Istio read as a regular expression",
        cause: "Old Istio put the value into a regular expression without escaping it; the new API escapes it, and no namespace has such a name.",
        risk: "Callers that the expression matched would be denied, and callers that it excluded would be let in.",
        remedy: "Write the namespaces out by name.",
    }
    HOST_HEADER_NEVER_MATCHED = "host-header-never-matched", Warning, None {
        title: "a condition on the header `host`, which never matched",
        cause: "Proxies of Istio 1.4 and 1.5 kept the header Host under the name `:authority` and compared header names one by one, so a condition on `host` never held. Current proxies read it as `:authority`.",
        risk: "Carried over as it reads, the condition would start to grant; so the rule or subject grants nothing, as before. Vendor builds with later proxy fixes may have matched it.",
        remedy: "Remove the rule or subject. If it was meant to count, `--allow host-header-never-matched` writes it as `request.headers[:authority]`, which grants access that nobody had.",
    }
    FRAGMENT_IN_PATH = "fragment-in-path", Warning, Narrower {
        title: "a path with a fragment",
        cause: "The pattern contains `#`. Since Istio 1.9.8, 1.10.4 and 1.11.1, proxies cut the fragment off the path before any policy is asked.",
        risk: "A pattern that grants matches nothing any more, and one that excludes excludes nothing.",
        remedy: "Write the path without `#`, which changes who has access, or remove the pattern. Clients do not send fragments, so it hardly ever matched.",
    }
    MAPPED_ADDRESS_LENGTH = "mapped-address-length", Warning, None {
        title: "an IPv4-mapped address with a short prefix",
        cause: "Istio 1.4 and 1.5 turned an address like `::ffff:10.1.2.3` into the IPv4 address and kept a prefix length below 96 as it was written, as a number of IPv4 bits.",
        risk: "The result keeps what was enforced, which is not what the prefix says. A length from 33 to 95 is none of IPv4, and what proxies made of it is not known.",
        remedy: "Write the IPv4 block that was meant, which changes who has access.",
    }
    UNREADABLE_ADDRESS = "unreadable-address", Warning, None {
        title: "an address that cannot be read",
        cause: "Old Istio ignored addresses that it could not read, so the condition was as wide as the others, or not there at all.",
        risk: "The result keeps what was enforced, which may be more than its author wanted.",
        remedy: "Correct the address, which changes who has access, or remove it.",
    }
    NO_VALID_NOT_IP = "no-valid-not-ip", Error, Wider {
        title: "excluded addresses none of which can be read",
        cause: "Old Istio built an exclusion without content from it, which its proxies probably refused.",
        risk: "Left out, the subject would include addresses that it was meant to exclude.",
        remedy: "Correct the addresses in `notIps`.",
    }
    NEGATED_CLAIM = "negated-claim", Warning, Narrower {
        title: "excluded groups in a claim that may be one text",
        cause: "Old Istio split a text claim at its spaces before it compared `notGroups`; the new API compares the whole text, unless a RequestAuthentication lists `groups` in spaceDelimitedClaims.",
        risk: "Emitted, the condition would let in callers that it excluded; so the subject is left out, and its callers are denied.",
        remedy: "List `groups` in `spaceDelimitedClaims` of every RequestAuthentication and add it to the input, or accept the wider form with `--allow negated-claim` when tokens hold a list.",
    }
    UNKNOWN_PROPERTY = "unknown-property", Warning, None {
        title: "a property that nothing ever set",
        cause: "Old Istio looked an unknown property up where no filter ever wrote anything, so the subject matched nobody.",
        risk: "None for access: the subject granted nothing, and grants nothing now.",
        remedy: "Correct the property if it was meant to count, which changes who has access, or remove the subject.",
    }
    SUBJECT_MATCHES_NOBODY = "subject-matches-nobody", Warning, None {
        title: "a subject that matches nobody",
        cause: "The subject's conditions contradict each other, or none of them could be read; old Istio then matched nobody.",
        risk: "None for access: the subject granted nothing, and grants nothing now.",
        remedy: "Correct the subject if it was meant to count, which changes who has access, or remove it.",
    }
    MALFORMED_KEY = "malformed-key", Warning, None {
        title: "a key without its brackets",
        cause: "A key like `request.headers` without a name in brackets became no condition, but it kept the rule or subject off TCP ports.",
        risk: "The result keeps what was enforced, which may be more than its author wanted.",
        remedy: "Write the key as `request.headers[NAME]`, which changes who has access, or remove it.",
    }
    CLAIMS_WITHOUT_NAME = "claims-without-name", Warning, Narrower {
        title: "a property about claims that names none",
        cause: "The key `request.auth.claims` names no claim in brackets. Depending on the build, old Istio left the property out, or made a condition of it that never held.",
        risk: "The subject is left out: if old Istio ignored the property, the callers that its other fields name are denied.",
        remedy: "Write the key as `request.auth.claims[NAME]`, or remove the property, then convert again.",
    }
    EMPTY_BRACKETS = "unreadable-brackets", Error, Wider {
        title: "a key whose brackets name nothing, or too much",
        cause: "Old Istio built a condition without a usable name from it, which its proxies probably refused or never matched.",
        risk: "Left out, the rule would be wider than it was.",
        remedy: "Write a name between the brackets, or remove the rule or subject.",
    }
    CLAIM_FORM = "claim-form", Note, Narrower {
        title: "claims are compared in the form that the token has",
        cause: "Old Istio split a claim that is one text at its spaces and ignored lists that hold anything but texts; the new API splits only `scope`, `permission` and what a RequestAuthentication lists in spaceDelimitedClaims.",
        risk: "A caller whose claim is a text of several words may be denied; one whose list also holds numbers may be let in.",
        remedy: "Check what the tokens hold, and list such claims in `spaceDelimitedClaims`.",
    }
    CLAIM_WITH_SPACE = "claim-with-space", Error, Wider {
        title: "a claim compared with a text that holds a space",
        cause: "Old Istio split a claim that is one text at its spaces, so no part of it was equal to a text with a space; the new API compares the whole claim.",
        risk: "A token whose claim is exactly this text is let in. One whose claim is a list that holds it was let in before.",
        remedy: "Accept the finding with `--allow claim-with-space` if tokens hold a list, or remove the value.",
    }
    MIXED_CLAIM_LIST = "mixed-claim-list", Error, Wider {
        title: "a claim that may be a list of texts and other things",
        cause: "Old Istio did not see a claim that is a list with anything but texts in it; the new API compares the texts of any list. No form of the rule removes the difference, which is accepted by name without `--strict`.",
        risk: "A token whose claim is a list that also holds a number is let in when a text of the list matches.",
        remedy: "Do without `--strict`, or accept the finding with `--allow mixed-claim-list`.",
    }
    ANY_AUDIENCE = "any-audience", Error, Wider {
        title: "every audience of a token counts now",
        cause: "Old Istio compared `request.auth.audiences` with the first audience of a token only; the new API compares it with all of them.",
        risk: "A token with several audiences is let in when the audience asked for is not its first.",
        remedy: "If tokens have one audience, accept the finding with `--allow any-audience`.",
    }
    REQUEST_PRINCIPAL_WAS_PEER = "request-principal-was-peer", Warning, None {
        title: "`request.auth.principal` that was the client certificate",
        cause: "Under `principalBinding: USE_PEER`, the default, old Istio put the identity of the client certificate into `request.auth.principal`; the new API always means the token.",
        risk: "Carried over by its name, the condition would ask for a token that callers do not send.",
        remedy: "Check that the identities in the new `principals` are the ones that were meant.",
    }
    PRINCIPAL_OF_OPTIONAL_TOKEN = "principal-of-optional-token", Error, Wider {
        title: "`request.auth.principal` where tokens are optional",
        cause: "With `originIsOptional`, a request whose token was demanded on its path and did not verify went on, but old Istio set no `request.auth.principal` on it, although `principalBinding: USE_PEER` makes that the client certificate.",
        risk: "As `principals`, the condition matches these requests too: callers with the certificate get in without a token.",
        remedy: "Accept the finding with `--allow principal-of-optional-token` if the certificate is enough, or let the rule ask for the token.",
    }
    REQUEST_PRINCIPAL_UNCERTAIN = "request-principal-uncertain", Warning, Narrower {
        title: "`request.auth.principal` without the policy that says what it was",
        cause: "Depending on `principalBinding` of the authentication Policy it was the client certificate (the default) or issuer and subject of the token, and no such Policy is in the input.",
        risk: "If it was the client certificate, callers without a token are denied.",
        remedy: "Add the authentication Policies to the input.",
    }
    REPEATED_CONSTRAINT = "repeated-constraint", Warning, None {
        title: "a constraint key that stands twice in one rule",
        cause: "Old Istio kept the constraints of a rule by key, so the last of several with one key replaced the others.",
        risk: "The result keeps what was enforced; the earlier constraint reads like a condition and is none.",
        remedy: "Remove the earlier constraint, or join the values, which changes who has access.",
    }
    IGNORED_CONSTRAINT = "ignored-constraint", Warning, None {
        title: "a constraint that old Istio ignored",
        cause: "Old Istio did not know the key, or could not read the value, and enforced the rule as if the constraint were not there.",
        risk: "The result keeps what was enforced, which is more than the rule reads.",
        remedy: "Correct the constraint, which changes who has access, or remove it.",
    }
    NEGATION_UNSUPPORTED = "negation-unsupported", Error, Wider {
        title: "a negated condition for Istio 1.4",
        cause: "AuthorizationPolicy has negated fields since Istio 1.5.",
        risk: "Left out, the condition would exclude nobody.",
        remedy: "Choose a newer release with `--to`.",
    }
    ROLE_WITHOUT_BINDING = "role-without-binding", Warning, None {
        title: "a role that nobody holds",
        cause: "A ServiceRole grants nothing until a ServiceRoleBinding of its namespace names it.",
        risk: "None for access: the role granted nothing, unless a binding is missing from the input.",
        remedy: "Remove the role, or add the missing binding to the input.",
    }
    BINDING_REFUSED = "role-binding-refused", Error, Narrower {
        title: "a role one of whose bindings was refused",
        cause: "A binding that names the role breaks a rule of its kind; another finding says which. A cluster may hold it all the same.",
        risk: "Converted without that binding, the role would deny the callers that it names.",
        remedy: "Mend the binding that the other finding names, or remove it, and convert again.",
    }
    BINDING_WITHOUT_ROLE = "binding-without-role", Warning, None {
        title: "a binding to a role that does not exist",
        cause: "A binding names a ServiceRole of its own namespace, and there is none of that name.",
        risk: "None for access: the binding granted nothing.",
        remedy: "Correct the role's name if the binding was meant to count, which changes who has access, or remove the binding.",
    }
    UNRESOLVED_ROLE = "unresolved-role", Error, Narrower {
        title: "a binding to a role that is not in the input",
        cause: "A binding names a ServiceRole of its own namespace, and the input does not hold it, or holds it in a form that was refused.",
        risk: "If the cluster holds the role, its callers would be denied.",
        remedy: "Add the role to the input, or say with --inventory-complete=serviceroles that it does not exist.",
    }
    PERMISSIVE_BINDING = "permissive-binding", Warning, None {
        title: "a binding that only logged",
        cause: "With `mode: PERMISSIVE` old Istio logged what the binding would have granted and granted nothing.",
        risk: "Converted like the others, the binding would grant access that nobody had.",
        remedy: "Leave it out, or write a dry-run copy with `--shadow`.",
    }
    ROLE_GRANTS_NOTHING = "role-grants-nothing", Warning, None {
        title: "a role that grants nothing",
        cause: "None of the role's access rules and subjects could ever match together.",
        risk: "None for access: the role granted nothing, and grants nothing now.",
        remedy: "Remove the role and its bindings, or correct them, which changes who has access.",
    }
    ROLE_LOST = "role-cannot-be-expressed", Error, Narrower {
        title: "a role of which nothing can be expressed",
        cause: "Every rule of the role had to be left out because the new API cannot express it; other findings name the reasons.",
        risk: "The callers that the role named are denied.",
        remedy: "Follow the remedies of the other findings on this role.",
    }
    REPLACED_BY_POLICY = "replaced-by-authorization-policy", Warning, None {
        title: "old RBAC where an AuthorizationPolicy already is",
        cause: "Istio 1.4 and 1.5 ignored old RBAC completely for pods that an AuthorizationPolicy selects.",
        risk: "Converted, the role would add grants to those policies.",
        remedy: "Remove the old objects; to grant what they say, add it to the AuthorizationPolicy.",
    }
    ADDS_TO_POLICY = "adds-to-authorization-policy", Error, Wider {
        title: "grants that would add to an existing AuthorizationPolicy",
        cause: "Istio 1.4 and 1.5 ignored old RBAC for pods that an AuthorizationPolicy selects. New ALLOW policies add up with the existing ones, and selectors cannot leave those pods out.",
        risk: "Callers that the existing policy does not name would be let in.",
        remedy: "Give the pods of the existing policy a Service with a selector of their own, or accept the finding with `--allow adds-to-authorization-policy`.",
    }
    DRY_RUN_WAS_ENFORCED = "dry-run-was-enforced", Error, Wider {
        title: "a policy with the dry-run annotation that old Istio enforced",
        cause: "The annotation `istio.io/dry-run` is known since Istio 1.10. Istio 1.4 and 1.5 enforced the AuthorizationPolicy as if the annotation were not there, and ignored old RBAC for the pods that it selects.",
        risk: "After the upgrade the policy is only logged: what it denied is let in.",
        remedy: "Remove the annotation if the policy is to stay in force, or remove the policy if it is not, and convert again; or accept the finding with `--allow dry-run-was-enforced`.",
    }
    DRY_RUN_UNSUPPORTED = "dry-run-unsupported", Warning, None {
        title: "dry-run copies for a release that does not know them",
        cause: "The annotation `istio.io/dry-run` is known since Istio 1.10; an older release would enforce the policy.",
        risk: "Enforced, the copies would grant or deny what was only logged.",
        remedy: "Choose a newer release with `--to`, or do without `--shadow`.",
    }
}
