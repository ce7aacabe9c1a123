//! Codes of the area `mapping`: what the declarative files could not carry over, and faults of the files themselves.

use super::codes;

codes! {
    UNKNOWN_FIELD = "unknown-field", Warning, None {
        title: "a field that Istio did not know and ignored",
        cause: "Since 1.1 Istio read its objects leniently: a misspelt or invented field was dropped without a word, so the object acted as if the line were not there.",
        risk: "What the line was meant to restrict was never restricted; the conversion keeps exactly what was enforced, which may be more than the author wanted.",
        remedy: "Correct or remove the line; correcting it changes who has access, so do that as a change of its own.",
    }
    UNACCOUNTED_VALUE = "unaccounted-value", Error, None {
        title: "a value of another shape than its field has",
        cause: "The field exists in Istio's schema, but the value has another shape (text where a list belongs, for example), so it cannot be carried over.",
        risk: "Leaving the value out could drop a restriction and widen access.",
        remedy: "Correct the value.",
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
        cause: "No mapping file is for this API version and kind.",
        risk: "The object is not converted, and after the upgrade nothing replaces it.",
        remedy: "Convert the object by hand; `meshlift mapping list` shows the kinds that meshlift converts.",
    }
    INLINE_ROLE = "inline-role", Error, None {
        title: "a ServiceRoleBinding that carries its role inline",
        cause: "The fields `role` and `actions` were hidden and unfinished: the control plane of 1.1 to 1.5 follows `roleRef` only and could not load such an object.",
        risk: "Nobody can say what such an object granted, so nothing safe can be written for it.",
        remedy: "Write the role as a ServiceRole of its own and name it in `roleRef`, or remove the object.",
    }
    KEY_FROM_MAPPING = "key-from-mapping", Note, None {
        title: "a key whose meaning is taken from a mapping file",
        cause: "Istio did not know the key, and the mapping file in use says which key of Istio meant the same in the old mesh.",
        risk: "The proof believes what the file says about the old mesh; if that is wrong, the proof is about another mesh than yours.",
        remedy: "Nothing needs to be done if `legacy` of the entry is right; `meshlift mapping show` prints it.",
    }
    NO_RULE = "no-rule", Error, None {
        title: "a field that a mapping file does not mention",
        cause: "The field exists in Istio's schema, and the mapping file has no rule for it and does not list it in `handled-in-rust`, so nobody has decided what becomes of it.",
        risk: "A field that is passed over could be a restriction that is lost.",
        remedy: "Add a rule for the field (`copy`, `entries`, `refuse`), or list it in `handled-in-rust` where Rust reads it; `meshlift mapping show KIND --yaml` prints a complete file.",
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
        remedy: "Write the second field as a condition (`to: /when/-` with a `key`), or refuse it.",
    }
}
