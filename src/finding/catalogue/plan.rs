//! Codes about the conversion as a whole: what belongs together, what was proved, what was written.

use super::codes;

codes! {
    LEFT_WITH_REFUSED = "left-with-refused", Error, None {
        title: "an object that is left as it is because another one was refused",
        cause: "Several old objects become one new object, for example a role with its bindings. One of them was refused, so the new object would be incomplete.",
        risk: "A new object built from only some of them would grant or deny something that the old ones together did not.",
        remedy: "Solve the finding on the refused object; this one is then converted with it.",
    }
    ENVIRONMENTS_DISAGREE = "environments-disagree", Error, None {
        title: "an object that several environments share would become different things",
        cause: "The object lies outside the folders of the environments that use it (for example beside dev/ and prod/), and what it becomes depends on Services that differ between them.",
        risk: "One file cannot hold two results; choosing one of them would change access in the other environment.",
        remedy: "Convert each environment on its own, for example `meshlift convert dev --inventory common`.",
    }
    UNEXPLAINED_DIFFERENCE = "unexplained-difference", Error, None {
        title: "the result does not grant the same access, and no finding says why",
        cause: "The proof found a request that is decided differently by the old and the new objects, and the conversion had not announced it. This is a mistake in meshlift.",
        risk: "Writing the result could open or cut production traffic.",
        remedy: "Nothing was written. Please report the input with the request shown; convert the objects named by hand or leave them out until then.",
    }
    PODS_MAY_BE_SHARED = "pods-may-be-shared", Error, Wider {
        title: "pods that belong to two Services at once would change access, if there are any",
        cause: "No manifest of the pods is in the input. Two Services, or a Service and a policy, select by different labels, so the same pods may carry both; what the new objects say about one then also reaches the other.",
        risk: "If such pods exist, callers reach what they could not reach before, or are turned away.",
        remedy: "Add the Deployments, StatefulSets or other workloads to the input (with --inventory, if they live elsewhere); when no pods carry both sets of labels, accept it with `--allow pods-may-be-shared`.",
    }
    PROOF_UNDECIDED = "proof-undecided", Error, None {
        title: "access that could be neither proved equal nor shown to differ",
        cause: "Either the policies of a workload are so many or so entangled that old and new could not be compared completely within the proof's budget, or something that bears on its pods could not be read or is not understood in full. The message says which.",
        risk: "The result may be right, but nobody has shown it; requests that were sampled as far as the budget allowed did not differ.",
        remedy: "If the budget ran out, allow more with `--proof-budget 10`, or split the input (one namespace at a time); if something is not understood, mend it or leave it out. Or accept an unproved result with `--allow proof-undecided`.",
    }
    INTERNAL_ERROR = "internal-error", Error, None {
        title: "the proof came to something that cannot be",
        cause: "meshlift checks what its proof rests on while it works, and one of these things does not hold. This is a mistake in meshlift.",
        risk: "A proof that rests on a mistake proves nothing, so nothing is taken as equal.",
        remedy: "Nothing was written. Please report the input; until then convert these objects by hand, or leave them out.",
    }
    NOT_YAML_AFTER_EDIT = "result-not-readable", Error, None {
        title: "a rewritten file can no longer be read",
        cause: "After the edit the file does not parse as YAML, so meshlift would have damaged it. This is a mistake in meshlift.",
        risk: "kubectl would refuse the file.",
        remedy: "Nothing was written. Please report the file, or convert it by hand.",
    }
}
