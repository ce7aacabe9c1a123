//! Codes of the area `verify`: what the comparison of old with new access found out.
//!
//! Formats that know only findings (SARIF, GitHub annotations) show a verdict under one of these codes.

use super::codes;

codes! {
    ACCESS_WIDER = "access-wider", Error, Wider {
        title: "requests that were denied become allowed",
        cause: "Both sets of objects were compared for every workload, port and kind of traffic, and a request was found that the old set denies and the new set allows.",
        risk: "Callers reach what they could not reach before, and nothing fails that would draw attention to it.",
        remedy: "Look at the request shown and at the rules that decide it, mend the rule that lets it in, and compare again.",
    }
    ACCESS_NARROWER = "access-narrower", Error, Narrower {
        title: "requests that were allowed become denied",
        cause: "Both sets of objects were compared for every workload, port and kind of traffic, and a request was found that the old set allows and the new set denies.",
        risk: "Callers that work today are turned away once the new objects are applied.",
        remedy: "Look at the request shown and at the rules that decide it; if real callers send such requests, mend the rule that turns them away, and compare again.",
    }
    ACCESS_DIFFERENT = "access-different", Error, Wider {
        title: "some requests become allowed and others become denied",
        cause: "Both sets of objects were compared for every workload, port and kind of traffic; one request was found that only the new set allows, and another one that only the old set allows.",
        risk: "Callers reach what they could not reach before, and others that work today are turned away.",
        remedy: "Look at the two requests shown, begin with the rule that lets the first one in, and compare again.",
    }
    ACCESS_UNDECIDED = "access-undecided", Warning, None {
        title: "access that could be neither proved equal nor shown to differ",
        cause: "Either the rules of this workload are so many or so entangled that the comparison ran out of its budget (then sampled requests were compared as far as the budget allowed, and none of them differed), or something that bears on its pods could not be read or is not understood in full. The message says which.",
        risk: "A difference that nothing showed would go unnoticed.",
        remedy: "If the budget ran out, allow more with `--proof-budget 10`; if something is not understood, mend it. Otherwise read the old and the new rules of this workload side by side before the result is applied.",
    }
}
