//! The kinds of OpenShift Service Mesh 1.x (`meaning/surroundings.md` part 1): recognised and refused, not converted yet.

use super::kind::Kind;
use crate::finding::ObjectRef;

/// Why an object is refused although it is well formed; `None` for kinds that are not OpenShift's.
pub(super) fn refusal(kind: Kind, object: &ObjectRef) -> Option<String> {
    Some(match kind {
        Kind::ServiceMeshPolicy => format!(
            "{object} says what an OpenShift mesh asks of callers by default. It is not converted, and neither is what depends on it."
        ),
        Kind::ServiceMeshRbacConfig => format!(
            "{object} says where an OpenShift mesh enforces roles. It is not converted, and roles and bindings stay with it."
        ),
        _ => return None,
    })
}

/// What to say about one of the two kinds under a group or version that no CRD has; `None` for other kinds.
pub(super) fn misspelt(object: &ObjectRef) -> Option<String> {
    let right = match object.kind.as_str() {
        "ServiceMeshPolicy" => "authentication.maistra.io/v1",
        "ServiceMeshRbacConfig" => "rbac.maistra.io/v1",
        _ => return None,
    };
    Some(format!("{object} is written under an API that has no such kind: its `apiVersion` is `{right}`."))
}
