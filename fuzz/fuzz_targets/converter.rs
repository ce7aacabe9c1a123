//! Converts anything and has the proof look at it.

#![no_main]

#[path = "../../tests/hostile/checks.rs"]
#[allow(dead_code)]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| checks::converter(text));
