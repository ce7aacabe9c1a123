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
        cause: "The rules of this workload allow so many combinations that the comparison reached its limit; a number of sampled requests was compared instead, and none of them differed.",
        risk: "A difference that no sampled request showed would go unnoticed.",
        remedy: "Read the old and the new rules of this workload side by side before the result is applied.",
    }
}
