//! Codes of the area `mapping`: what the declarative files could not carry over, and faults of the files themselves.

use super::codes;

codes! {
    UNKNOWN_FIELD = "unknown-field", Warning, None {
        title: "a field that Istio did not know and ignored",
        cause: "Since 1.1 Istio read its objects leniently: a misspelt or invented field was dropped without a word, so the object acted as if the line were not there.",
        risk: "What the line was meant to restrict was never restricted; the conversion keeps exactly what was enforced, which may be more than the author wanted.",
        remedy: "Correct or remove the line; correcting it changes who has access, so do that as a change of its own.",
    }
    VALUE_OUTSIDE_TABLE = "value-outside-table", Error, None {
        title: "a value that the mapping does not list",
        cause: "The mapping of this field is a closed list of old values, and this value is not one of them; Istio would not have accepted the object either, or it means something the list does not know.",
        risk: "Passing an unknown value on could mean anything in the new API.",
        remedy: "Correct the value, or add it to the mapping file and pass that with --mappings.",
    }
    UNACCOUNTED_VALUE = "unaccounted-value", Error, None {
        title: "a value that no rule of the mapping accounts for",
        cause: "The field exists, but the value has another shape than the mapping expects (text where a list belongs, for example), or the mapping file in use has no rule for this key.",
        risk: "Leaving the value out could drop a restriction and widen access.",
        remedy: "Correct the value, or add a rule for it to the mapping file and pass that with --mappings.",
    }
    EMPTY_VALUE = "empty-value", Error, None {
        title: "an empty text that the new API does not accept",
        cause: "The old API took an empty text as a value here; the new one rejects empty texts, and no other value means the same.",
        risk: "Leaving the value out could drop a restriction and widen access.",
        remedy: "Remove the empty text or replace it by the value that was meant.",
    }
    EXCLUSIVE_FIELDS = "exclusive-fields", Error, None {
        title: "two fields that exclude each other",
        cause: "Both fields set the same attribute, and the validation of Istio rejected objects that hold both.",
        risk: "Merging the two lists would allow every caller that either of them names.",
        remedy: "Keep one of the two fields.",
    }
    FIELD_WITHOUT_EFFECT = "field-without-effect", Note, None {
        title: "a field that never had an effect",
        cause: "Istio accepted the field, but nothing in the releases that meshlift converts from acted on it.",
        risk: "Nothing changes: the new objects do without it.",
        remedy: "Nothing needs to be done.",
    }
    REFUSED_BY_MAPPING = "refused-by-mapping", Error, None {
        title: "a field that the mapping file refuses",
        cause: "The mapping file in use says that the field has no safe equivalent in the new API.",
        risk: "Converting the object without the field would change who has access.",
        remedy: "Rewrite the object without the field, or change the mapping file given with --mappings.",
    }
    UNMAPPED_KIND = "unmapped-kind", Error, None {
        title: "a kind without a mapping file",
        cause: "No mapping file, neither built in nor given with --mappings, is for this API version and kind.",
        risk: "The object is not converted, and after the upgrade nothing replaces it.",
        remedy: "Write a mapping file for the kind and pass its folder with --mappings.",
    }
    INLINE_ROLE = "inline-role", Error, None {
        title: "a ServiceRoleBinding that carries its role inline",
        cause: "The fields `role` and `actions` were hidden and unfinished: the control plane of 1.1 to 1.5 follows `roleRef` only and could not load such an object.",
        risk: "Nobody can say what such an object granted, so nothing safe can be written for it.",
        remedy: "Write the role as a ServiceRole of its own and name it in `roleRef`, or remove the object.",
    }
    MESH_POLICY_WITH_TARGETS = "mesh-policy-with-targets", Error, None {
        title: "a MeshPolicy that names targets",
        cause: "A MeshPolicy is for the whole mesh; the validation of Istio rejected one with `targets`.",
        risk: "Whether the object was in force, and for what, cannot be told from its text.",
        remedy: "Remove `targets`, or write a Policy in the namespace of the services.",
    }
    BROKEN_MAPPING = "broken-mapping", Error, None {
        title: "a mapping file that cannot be used",
        cause: "The file breaks the rules of the mapping format at the place shown; `meshlift schema mapping` prints them.",
        risk: "Without the file the conversion would follow other rules than the ones asked for.",
        remedy: "Mend the file at the place shown; `meshlift mapping check FILE` checks it without converting anything.",
    }
    TWO_WRITERS = "two-writers", Error, Wider {
        title: "two rules of a mapping file that write to one place",
        cause: "The old API joins the fields of a subject or an access rule with AND, while a list in the new API joins its values with OR; two rules that fill one list turn the first into the second.",
        risk: "Callers that meet only one of the two conditions would be let in.",
        remedy: "Write the second field as a condition (`to: /when/-` with a `key`), or leave both to a step.",
    }
}
