//! Codes about what belongs together: which namespace a document is in, and which folders are one mesh.

use super::codes;

codes! {
    UNKNOWN_NAMESPACE = "unknown-namespace", Error, None {
        title: "an object whose meaning depends on a namespace that nobody named",
        cause: "Neither the document nor its kustomization, the settings or `--namespace` says which namespace it is in, and something in it, or something that works together with it, goes by that name.",
        risk: "With one namespace the object grants or protects something, with another it does nothing; a guess would open or cut traffic.",
        remedy: "Say which namespace it is: in the document, with `-n NAME`, or by folder with `namespaces:` in `meshlift.yaml`.",
    }
    WHICH_MESH = "which-mesh", Error, None {
        title: "an old object and the current policy that would have replaced it stand in two places",
        cause: "A current policy replaces old objects of its namespace, if both are in one mesh. These two stand in folders of which neither contains the other, as the folders of two environments do.",
        risk: "If they are two meshes, the old object is still in force in its own one, and removing it would open or cut traffic there.",
        remedy: "Say which folders are one mesh with `meshes:` in `meshlift.yaml`, pass `--one-mesh` if all of them are, or convert one folder at a time.",
    }
}
