//! Codes about what was read: files, documents, fields.

use super::codes;

codes! {
    BROKEN_YAML = "broken-yaml", Error, None {
        title: "a document that cannot be read as YAML",
        cause: "The document breaks the rules of YAML at the place shown, so nobody can say what it means; kubectl would refuse it too.",
        risk: "A security policy inside it is not converted, and after the upgrade nothing replaces it.",
        remedy: "Mend the document at the place shown and run meshlift again.",
    }
    MISSING_PATH = "missing-path", Error, None {
        title: "a path that does not exist",
        cause: "A file or folder named on the command line or in the configuration does not exist, or is a link that leads nowhere.",
        risk: "The policies that were meant to be read are neither converted nor part of the proof.",
        remedy: "Correct the path, or leave it out.",
    }
    UNREADABLE_FILE = "unreadable-file", Error, None {
        title: "a file or folder that cannot be read",
        cause: "The operating system refused to open or read it, for the reason shown.",
        risk: "Policies and Services inside it are unknown, so the conversion of the rest could be wrong.",
        remedy: "Give yourself read permission or exclude the file with an .ignore file, and run meshlift again.",
    }
    NO_MANIFESTS = "no-manifests", Warning, None {
        title: "an input without manifests",
        cause: "A folder on the command line holds no YAML or JSON file that is neither hidden nor ignored, or standard input is empty.",
        risk: "A wrong folder or a failed command before the pipe looks like a repository without old policies.",
        remedy: "Check the path, or the command whose output is piped into meshlift.",
    }
    LINKED_FOLDER = "linked-folder", Warning, None {
        title: "a link to a folder that was not entered",
        cause: "Below a folder, meshlift follows links to files but not links to folders that lie outside of it, because those can form loops.",
        risk: "Policies in the folder behind the link are not converted.",
        remedy: "Name the folder behind the link on the command line as well if its manifests belong to this mesh.",
    }
    NOT_UTF8 = "not-utf8", Error, None {
        title: "a file that is not UTF-8 text",
        cause: "Manifests are UTF-8; this file holds a byte that no UTF-8 text has at that place, so its text is uncertain.",
        risk: "The file is left out, and a policy inside it is not converted.",
        remedy: "Save the file as UTF-8, or exclude it with an .ignore file if it is no manifest.",
    }
}
