//! Codes about objects: what could not be decoded, what Istio would not have accepted, what contradicts itself.

use super::codes;

codes! {
    KIND_NOT_SHOWN = "kind-not-shown", Error, None {
        title: "a kind that the input was said to show completely, and does not show at all",
        cause: "A bare `--inventory-complete` says that the kinds which the input shows are all there is. Of a kind that it does not show, nobody can tell whether the cluster has none or whether it was not asked for; where a CRD is missing, `kubectl get` even prints nothing for the other kinds of the same command.",
        risk: "Roles that a current policy had replaced would grant again, and ports that another Service governs would be opened or closed.",
        remedy: "Ask the cluster for the kinds named and add them to the input; when there are none, say `--inventory-complete=all`.",
    }
    MISSING_NAME = "missing-name", Error, None {
        title: "an object without `metadata.name`",
        cause: "Kubernetes creates no object without a name, so this document never became one; `generateName` makes a name that nobody can know here.",
        risk: "The document may be meant to protect something, but nothing enforces it and nothing can replace it.",
        remedy: "Give the object the name it has in the cluster, or remove the document.",
    }
    UNDECODABLE_POLICY = "undecodable-policy", Error, None {
        title: "a legacy object that Istio could not decode",
        cause: "A value has the wrong type or is not one of the words its field knows. Istio logged an error and went on without the whole object.",
        risk: "The object was probably never enforced. Converting what it seems to say would change access; leaving it out would hide a mistake.",
        remedy: "Correct the value at the place shown to what is enforced today, or remove the object if nothing depends on it.",
    }
    INVALID_POLICY = "invalid-policy", Error, None {
        title: "a Policy or MeshPolicy that Istio's validation refuses",
        cause: "Istio's admission webhook rejects this object, so a cluster holds it only if validation was switched off, and then it does not mean what it says.",
        risk: "What the cluster enforced instead is not known, so a conversion could open or close traffic.",
        remedy: "Compare with the object in the cluster and correct it at the place shown.",
    }
    INVALID_RBAC_CONFIG = "invalid-rbac-config", Error, None {
        title: "a ClusterRbacConfig or RbacConfig that Istio's validation refuses",
        cause: "Istio's admission webhook rejects this config, so another one is in force in the cluster, or validation was switched off.",
        risk: "Whether role-based access control is on, and where, is not known; every ServiceRole depends on it.",
        remedy: "Run `kubectl get clusterrbacconfigs,rbacconfigs -A -o yaml`, and correct the document to what is in force.",
    }
    INVALID_SERVICE_ROLE = "invalid-service-role", Error, None {
        title: "a ServiceRole that Istio's validation refuses",
        cause: "Istio's admission webhook rejects this role, so a cluster holds it only if validation was switched off.",
        risk: "What it granted is not known; a guess could open a service to callers who never had access.",
        remedy: "Correct the role at the place shown, or remove it if the cluster does not hold it.",
    }
    INVALID_SERVICE_ROLE_BINDING = "invalid-service-role-binding", Error, None {
        title: "a ServiceRoleBinding that Istio's validation refuses",
        cause: "Istio's admission webhook rejects this binding, or the control plane could not load it: it needs a `roleRef` to a ServiceRole and at least one subject that says something.",
        risk: "Whom it granted access is not known; a guess could let strangers in.",
        remedy: "Correct the binding at the place shown, or remove it if the cluster does not hold it.",
    }
    UNSUPPORTED_LEGACY_API = "unsupported-legacy-api", Error, None {
        title: "a security object of an API that meshlift does not convert",
        cause: "The object belongs to an experiment or to a release before 1.0: the `AuthorizationPolicy` of `rbac.istio.io`, or roles of `config.istio.io/v1alpha2`. No release that meshlift migrates from enforces it. Or its `apiVersion` names a group that has no such kind, as `maistra.io` has no ServiceMeshPolicy.",
        risk: "Nothing takes its place after the upgrade, so whatever it was meant to protect is open.",
        remedy: "Write down what the object should do, express it in an AuthorizationPolicy of `security.istio.io`, and remove the document; or correct the `apiVersion` if the cluster holds the object under another one.",
    }
    OPENSHIFT_MESH_POLICY = "openshift-mesh-policy", Error, None {
        title: "the mesh policy of an OpenShift Service Mesh",
        cause: "OpenShift Service Mesh 1.x keeps in ServiceMeshPolicy what elsewhere is the MeshPolicy, once per control plane. meshlift sees it, but does not convert it yet.",
        risk: "The default of the whole mesh is in this object: what every other policy means beside it, and whether roles ever saw who is calling, cannot be told without it.",
        remedy: "Leave the old objects as they are until meshlift converts OpenShift meshes, or write the PeerAuthentication by hand.",
    }
    OPENSHIFT_RBAC_CONFIG = "openshift-rbac-config", Error, None {
        title: "the RBAC config of an OpenShift Service Mesh",
        cause: "OpenShift Service Mesh 1.x keeps in ServiceMeshRbacConfig what elsewhere is the ClusterRbacConfig, once per control plane. meshlift sees it, but does not convert it yet.",
        risk: "Where roles are enforced is in this object: without it every role looks as if it had no effect, and removing it would open what it protects.",
        remedy: "Leave the old objects as they are until meshlift converts OpenShift meshes, or write the AuthorizationPolicies by hand.",
    }
    IGNORED_BY_OPENSHIFT = "ignored-by-openshift", Error, None {
        title: "a mesh-wide object that OpenShift Service Mesh never reads",
        cause: "A control plane of OpenShift Service Mesh watches its own namespace and its members only, so it has no cluster-scoped kinds: MeshPolicy and ClusterRbacConfig are not among what it reads.",
        risk: "Converted as if it had been in force, the object could take the place of the ServiceMeshPolicy or ServiceMeshRbacConfig that really was, and open the mesh.",
        remedy: "Remove the document if this mesh is OpenShift's; if it belongs to another mesh, convert the two apart, each with its own folder.",
    }
    OPENSHIFT_MESH = "openshift-mesh", Error, None {
        title: "old objects in an OpenShift Service Mesh",
        cause: "The input shows a control plane, a member or a mesh-wide object of OpenShift Service Mesh. There old objects count in member namespaces only, below a ServiceMeshPolicy that the operator always writes and a ServiceMeshRbacConfig that may be anywhere.",
        risk: "Read as in any other mesh, roles could look as if they had no effect, and a policy could be taken for an exception to the wrong default.",
        remedy: "Leave the old objects as they are until meshlift converts OpenShift meshes; if they belong to another mesh, convert its folder on its own.",
    }
    NEVER_ACTIVE = "never-active", Warning, None {
        title: "a mesh-wide object that Istio never looked at",
        cause: "Istio reads the MeshPolicy, the ClusterRbacConfig and the RbacConfig named `default` only; one with another name is ignored.",
        risk: "Somebody may believe that the mesh is protected by an object which has no effect.",
        remedy: "Nothing replaces the object; if it should take effect, rename it to `default` and convert again.",
    }
    BOOLEAN_MODE = "boolean-mode", Warning, None {
        title: "`ON` or `OFF` without quotes, which YAML reads as a boolean",
        cause: "For kubectl an unquoted `ON` is the boolean true, and a boolean is not a mode. meshlift takes it as the word that was written.",
        risk: "A cluster that got exactly this document may have refused or ignored it, and then role-based access control was never switched on by it.",
        remedy: "Compare with `kubectl get clusterrbacconfig default -o yaml`, and write the mode in quotes.",
    }
    NUMERIC_ENUM = "numeric-enum", Warning, None {
        title: "a number where the API has words",
        cause: "The old API accepted the number of an enum value as well as its name, but the schemas shipped since 1.4 accept the names only.",
        risk: "A cluster of 1.4 or later refuses this spelling, so the object may never have arrived there.",
        remedy: "Write the word that the message names.",
    }
    NAMESPACE_ON_CLUSTER_OBJECT = "namespace-on-cluster-object", Note, None {
        title: "a cluster-scoped object that carries a namespace",
        cause: "MeshPolicy and ClusterRbacConfig exist once per cluster, whatever `metadata.namespace` says.",
        risk: "A reader may think that the object concerns one namespace, while it concerns the whole mesh.",
        remedy: "Nothing has to be done: the object is converted as the mesh-wide one it is.",
    }
    AMBIGUOUS_MESH_CONFIG = "ambiguous-mesh-config", Error, None {
        title: "two different mesh-wide objects where only one can be in force",
        cause: "Two documents of one environment define the same mesh-wide object differently, or two RbacConfigs exist of which Istio uses whichever it lists first.",
        risk: "Choosing the wrong one switches authentication or access control on or off for the whole mesh.",
        remedy: "Convert each environment on its own by naming its folder, or remove the document that is not in force.",
    }
    DUPLICATE_POLICY = "duplicate-policy", Error, None {
        title: "two different objects with the same kind, namespace and name",
        cause: "A cluster can hold only one of them: the document that was applied last. The files do not say which that is.",
        risk: "Converting the one that is not in force would open or close traffic.",
        remedy: "Remove the document that is not in force, or convert each environment on its own by naming its folder.",
    }
    AMBIGUOUS_SERVICE = "ambiguous-service", Error, None {
        title: "two different Services or workloads with the same name",
        cause: "Two documents that are equally near describe one Service or workload differently, so its selector and its ports are not known.",
        risk: "A policy would be attached to the wrong pods or ports, and the right ones would stay open.",
        remedy: "Convert each environment on its own by naming its folder, or remove the document that is not in use.",
    }
    APP_PROTOCOL_COUNTS = "app-protocol-counts", Note, Narrower {
        title: "a port whose appProtocol counts now",
        cause: "Old Istio took the protocol of a port from its name alone. Current Istio asks `appProtocol` first.",
        risk: "A port that becomes HTTP refuses other connections; on one that is HTTP no longer, rules about requests and tokens do not apply, and grants by them are lost. That is so whatever is converted.",
        remedy: "Make name and appProtocol of the port say the same.",
    }
    SEVERAL_VERSIONS = "several-versions", Note, None {
        title: "two versions of one workload or DestinationRule",
        cause: "Two documents that are equally near describe one workload or DestinationRule differently. A cluster holds one of them; the files do not say which.",
        risk: "None for access: the result is right for every version, or the proof says for which it is not.",
        remedy: "Remove the version that is not in use, or convert each environment on its own by naming its folder.",
    }
    DUPLICATE_DOCUMENT = "duplicate-document", Note, None {
        title: "the same object twice",
        cause: "Two documents of one environment define the same object with the same `spec`; applying both gives one object.",
        risk: "None for access: the first document is converted, the second becomes a comment if it is a legacy object.",
        remedy: "Remove one of the two documents.",
    }
    UNREADABLE_OBJECT = "unreadable-object", Warning, None {
        title: "a Service, workload or current policy that could not be understood",
        cause: "A value in it has the wrong type, is not one of the words its field knows, or uses a feature that meshlift does not model.",
        risk: "The object is left as it is, but nothing can be proved about the pods it concerns.",
        remedy: "Correct the value at the place shown and run meshlift again.",
    }
    KUSTOMIZE_BASE = "kustomize-base", Error, None {
        title: "an old object in a base that a kustomization elsewhere changes",
        cause: "A kustomization in another folder refers to this file and sets its namespace, its names, its labels, or patches it. What reaches the cluster is its rendering, perhaps several, and not the file as it stands.",
        risk: "Read as it stands, the object would be looked for in the wrong namespace or under the wrong name: a role would seem to grant nothing, a policy to protect nothing.",
        remedy: "Convert what is rendered, for example `kustomize build overlays/prod | meshlift -`, and carry the result over to the base.",
    }
    TEMPLATED_FIELD = "templated-field", Error, None {
        title: "a placeholder in a field that decides about access",
        cause: "The value is filled in later, by kustomize (`$(NAME)`), envsubst (`${NAME}`), another template language, or by hand (`<NAME>`). The object in the cluster has another value there.",
        risk: "Read as it stands, an old object would be converted for a name that does not exist, and a Service or workload would seem to be another one; what is really meant would stay open or be cut off.",
        remedy: "Give meshlift the objects as they are applied: render them first (`kustomize build`, `envsubst`), or dump them from the cluster.",
    }
    PARTIAL_MANIFEST = "partial-manifest", Note, None {
        title: "a patch, not a whole object",
        cause: "The document names a workload without pod labels, a Service without ports, or no object at all, as patches of kustomize do. It says nothing about which pods or ports exist.",
        risk: "If the patch changes labels or ports, the object it is for is not what meshlift sees.",
        remedy: "Give meshlift the rendered objects with `kustomize build FOLDER | meshlift -` if the patch changes labels, selectors or ports.",
    }
    INEFFECTIVE_PEER_AUTHENTICATION = "ineffective-peer-authentication", Warning, None {
        title: "a PeerAuthentication with a selector in the root namespace",
        cause: "Istio ignores PeerAuthentications that select workloads when they are in the root namespace, also for the pods of that namespace.",
        risk: "Workloads that should demand mutual TLS may accept plaintext.",
        remedy: "Move the PeerAuthentication to the namespace of the workload it is for.",
    }
}
