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
    READ_ONLY_TARGET = "read-only-target", Error, None {
        title: "a file that must not be written",
        cause: "The file, its folder or its file system is read-only, so the converted text cannot take its place.",
        risk: "If the other files were rewritten without it, the repository would hold half of a migration; so none is.",
        remedy: "Make the file and its folder writable, or write copies with -o DIR.",
    }
    WRITE_FAILED = "write-failed", Error, None {
        title: "a file that could not be written",
        cause: "The operating system refused to write it, for the reason shown; a full disk is the usual one.",
        risk: "Half of a migration could open or cut traffic, so every file that was already replaced got its old text back.",
        remedy: "Remove the cause, for example by freeing disk space, and run meshlift again.",
    }
    CHANGED_WHILE_RUNNING = "changed-while-running", Error, None {
        title: "a file that changed while meshlift was running",
        cause: "Between reading the file and replacing it, somebody or something else changed it.",
        risk: "Replacing it would lose that change, and the proof was about another text; so no file was written.",
        remedy: "Run meshlift again when nothing else writes to the files.",
    }
    HARD_LINKED_FILE = "hard-linked-file", Error, None {
        title: "a file that has several names",
        cause: "The file has hard links. A file is replaced by renaming a new one over it, and that would part the names.",
        risk: "The other name would go on holding the old policies without anybody noticing; so no file was written.",
        remedy: "Replace the hard link by a symbolic link or a copy, or write copies with -o DIR.",
    }
    UNSAFE_OUTPUT_PATH = "unsafe-output-path", Error, None {
        title: "a copy that has no safe place under the output folder",
        cause: "The copy would leave the folder given with -o, meet another copy, or overwrite an input file.",
        risk: "A file that nobody meant to change would be overwritten; so no file was written.",
        remedy: "Name the inputs by paths below the working directory, and give -o a folder of its own.",
    }
    SEVERAL_KUSTOMIZATIONS = "several-kustomizations", Warning, None {
        title: "a folder with more than one kustomization file",
        cause: "A folder holds two or three of kustomization.yaml, kustomization.yml and Kustomization; kustomize itself refuses that.",
        risk: "Only the first of them, in this order, decides the namespace of the documents below it.",
        remedy: "Keep one of the files.",
    }
    GIT_FAILED = "git-failed", Error, None {
        title: "a git command that did not work",
        cause: "The git program is not installed, or it refused to read the repository for the reason shown.",
        risk: "Without the older manifests there is nothing to compare with, so nothing was verified.",
        remedy: "Make the git command shown work in this folder, or check the revision out elsewhere and give both folders to verify.",
    }
    NO_REPOSITORY = "no-repository", Error, None {
        title: "a path outside every git repository",
        cause: "A git revision was asked for, and the path lies in no git work tree.",
        risk: "Without the older manifests there is nothing to compare with, so nothing was verified.",
        remedy: "Run meshlift inside the repository, or give verify two folders.",
    }
    UNKNOWN_REVISION = "unknown-revision", Error, None {
        title: "a revision that the repository does not have",
        cause: "The name is no branch, tag or commit of this clone; CI systems often fetch a single commit only.",
        risk: "Without the older manifests there is nothing to compare with, so nothing was verified.",
        remedy: "Correct the name, or fetch it first with `git fetch origin REF`.",
    }
    SUBMODULE_NOT_READ = "submodule-not-read", Warning, None {
        title: "a git submodule whose older state was not read",
        cause: "The manifests of a submodule belong to another repository, and only the named one is read at the revision.",
        risk: "Policies of the submodule are on one side of the comparison only.",
        remedy: "Run verify inside the submodule as well.",
    }
}
