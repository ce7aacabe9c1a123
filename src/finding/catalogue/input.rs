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
    LEADS_OUTSIDE = "leads-outside", Error, None {
        title: "a link that leads out of the repository or folder",
        cause: "The path is a symbolic link, or lies behind one, that leaves the git repository it is in (or, where there is none, the folder that was named), or that leads into .git.",
        risk: "Whoever wrote the manifests could have other files of this machine read, printed or overwritten; so the file is left out, and a policy inside it would be too.",
        remedy: "Put the file itself in place of the link; if all links are yours, read through them with --follow-links. Files are never written through such a link.",
    }
    FILE_TOO_LARGE = "file-too-large", Error, None {
        title: "a file that is larger than any manifest",
        cause: "The file holds more bytes than --max-file-size allows: 64 MB unless said otherwise.",
        risk: "Reading it could exhaust the machine's memory; it is left out, and a policy inside it is neither converted nor part of the proof.",
        remedy: "Exclude the file with an .ignore file if it is no manifest, or raise the limit with --max-file-size.",
    }
    MANIFESTS_IGNORED = "manifests-ignored", Note, None {
        title: "manifests that ignore files left out of a comparison",
        cause: "Two states were compared, and .gitignore or .ignore files exclude manifests that git does not track. What git tracks is read whatever they say.",
        risk: "If an ignored manifest is applied all the same, its part in the access is not compared.",
        remedy: "Name a file on the command line to have it read although it is ignored.",
    }
    SETTINGS_CHANGED = "settings-changed", Warning, None {
        title: "a branch that changes the settings it is compared under",
        cause: "The settings file, or a mapping file that it names, is not what it is in the base revision. Access was compared under the settings of the base revision, unless others were named with --config.",
        risk: "Settings decide what is compared and what is accepted; with other settings a wider change can look equal.",
        remedy: "Review the change of the settings like a change of access; `verify --accept settings` lets it pass.",
    }
    NO_MANIFESTS = "no-manifests", Warning, None {
        title: "an input without manifests",
        cause: "A folder on the command line holds no YAML or JSON file that is neither hidden nor ignored, or a file or standard input holds no document.",
        risk: "A wrong folder or a failed command before the pipe looks like a repository without old policies.",
        remedy: "Check the path, or the command that wrote the file: `kubectl get` prints nothing at all when the cluster does not know one of the kinds.",
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
    INTERRUPTED_RUN = "interrupted-run", Warning, None {
        title: "an earlier run that was stopped while it was writing",
        cause: "A run of `convert --write` or `convert -o` was killed, or the machine stopped, before all files were in place; its journal `.meshlift-journal` and its hidden files lie beside them.",
        risk: "Until it is undone, some files hold their new text and others still their old one, which is half of a migration.",
        remedy: "Run `meshlift convert --write` on these files: it first gives every file its old text back, and then converts them all.",
    }
    RUN_UNDER_WAY = "run-under-way", Error, None {
        title: "another run of meshlift that writes in the same folder",
        cause: "Another process of meshlift holds the lock on the journal of a folder while it replaces files there.",
        risk: "Two runs that replace the same files would undo each other's work, and what is read meanwhile is partly old and partly new.",
        remedy: "Wait until the other run has ended, and run meshlift again.",
    }
    UNKNOWN_JOURNAL = "unknown-journal", Error, None {
        title: "a journal that meshlift cannot read",
        cause: "A file called `.meshlift-journal` lies beside the manifests and is not what this version of meshlift writes: another version left it, somebody changed it, or its file system knows no locks.",
        risk: "An earlier run may have been stopped half-way, or may still be writing, and nobody can tell.",
        remedy: "Make sure that no other run is writing and that the files hold what they should (`git status`), then remove the file.",
    }
    STOPPED = "stopped", Error, None {
        title: "a run that was asked to stop while it was writing",
        cause: "The process received SIGINT (Ctrl-C), SIGTERM or SIGHUP before all files were in place.",
        risk: "None: every file that was already replaced got its old text back.",
        remedy: "Run meshlift again when the files shall be converted.",
    }
    UNKNOWN_TO_GIT = "unknown-to-git", Error, None {
        title: "a file whose present text git could not give back",
        cause: "The file lies in a git work tree and would be rewritten, but it was edited since it was last staged or committed, it is not tracked, or git cannot be asked.",
        risk: "Once it is rewritten, what stands there now would be lost; so no file was written.",
        remedy: "Commit or stage the file first, keep the old texts with `--backup DIR`, or write all the same with `--allow-dirty`.",
    }
    BACKUP_EXISTS = "backup-exists", Error, None {
        title: "a backup that would overwrite another one",
        cause: "The folder given with `--backup` already holds a file at the place of the copy, and it is not the same text.",
        risk: "It may be the only copy of an older text; so no file was written.",
        remedy: "Give `--backup` another folder.",
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
    OTHER_REPOSITORY = "other-repository", Error, None {
        title: "a path in another git repository",
        cause: "The path lies in a git repository of its own inside the one of the working directory: a submodule, or a clone.",
        risk: "That repository could bring a branch of the same name as the base and make a change look like none; so nothing was compared.",
        remedy: "Run meshlift in that repository, if it is one that you trust.",
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
    DUPLICATE_KEY = "duplicate-key", Error, None {
        title: "a key written twice in one mapping",
        cause: "One mapping holds the same key twice. YAML forbids it; kubectl kept the last one without a word, so one of the two values was never in force.",
        risk: "Whoever reads the file may believe the other value, and an access rule that was never in force would be carried over as if it were.",
        remedy: "Delete the entry that is not meant; the cluster has used the last one.",
    }
    ALIAS_BOMB = "alias-bomb", Error, None {
        title: "aliases that expand to an enormous document",
        cause: "The aliases of the document, written out, are larger than meshlift is willing to read; small documents that grow like this are usually an attack.",
        risk: "Reading it could exhaust the machine's memory.",
        remedy: "Write the document without nested aliases, or remove it from the input.",
    }
    NESTING_TOO_DEEP = "nesting-too-deep", Error, None {
        title: "collections nested deeper than any Kubernetes object",
        cause: "Lists and mappings nest so deep at the place shown that no Kubernetes object can be meant.",
        risk: "The document is not read, and a security policy inside it would not be converted.",
        remedy: "Remove the document from the input, or mend the brackets or the indentation at the place shown.",
    }
    TAB_INDENTATION = "tab-indentation", Error, None {
        title: "a tab used as indentation",
        cause: "YAML allows only spaces for indentation, because a tab has no agreed width; kubectl refuses the document too.",
        risk: "A security policy inside it is not converted, and after the upgrade nothing replaces it.",
        remedy: "Replace the tab by spaces.",
    }
    NUL_BYTE = "nul-byte", Error, None {
        title: "a NUL byte in a text file",
        cause: "The file holds a NUL byte, which no YAML document may contain; it is often the trace of a damaged file or of UTF-16 text.",
        risk: "Some readers stop at the byte without a word, so that everything behind it is silently missing.",
        remedy: "Remove the byte, or save the file as UTF-8.",
    }
    NESTED_LIST = "nested-list", Error, None {
        title: "a List inside a List",
        cause: "An item of a List is itself a List. Neither kubectl nor meshlift looks for objects that deep.",
        risk: "A security policy inside the inner List is not converted, and after the upgrade nothing replaces it.",
        remedy: "Move the items of the inner List into the outer one, or into documents of their own.",
    }
    TEMPLATED_MANIFEST = "templated-manifest", Warning, None {
        title: "a template that only becomes a manifest when it is rendered",
        cause: "The file holds directives of a template (`{{ }}` of Helm outside of quotes, `#@` of ytt), so what reaches the cluster depends on values meshlift does not have.",
        risk: "A security policy that this template renders is not converted, and after the upgrade nothing replaces it.",
        remedy: "Render the chart first (`helm template CHART | meshlift -`), then carry the changes over to the template.",
    }
    NOT_READ = "not-read", Warning, None {
        title: "a file with old objects that was not read",
        cause: "The file names the API of an old kind, but of a folder meshlift reads the files that end in .yaml, .yml or .json only. It may be a template for another program, a copy, or a name with a slip in it.",
        risk: "A security policy that is made from this file is not converted, and after the upgrade nothing replaces it.",
        remedy: "If it is a manifest, name it on the command line or correct its name; if it is a template, render it and give meshlift the result; if it is a copy that nobody applies, exclude it with an .ignore file.",
    }
    EMBEDDED_MANIFEST = "embedded-manifest", Warning, None {
        title: "a manifest of an old kind inside a string",
        cause: "A ConfigMap or Secret carries the text of an old Istio security object, which some job or operator probably applies later.",
        risk: "That text is not converted. Whoever applies it after the upgrade gets an error, or no policy at all.",
        remedy: "Extract the text into a file of its own, convert that file, and put the result back.",
    }
}
