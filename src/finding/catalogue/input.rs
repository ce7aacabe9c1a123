//! Codes about what was read: files, documents, fields.

use super::codes;

codes! {
    BROKEN_YAML = "broken-yaml", Error, None {
        title: "a document that cannot be read as YAML",
        cause: "The document breaks the rules of YAML at the place shown, so nobody can say what it means; kubectl would refuse it too.",
        risk: "A security policy inside it is not converted, and after the upgrade nothing replaces it.",
        remedy: "Mend the document at the place shown and run meshlift again.",
    }
}
