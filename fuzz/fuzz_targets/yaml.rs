//! Reads anything as YAML, replaces some objects, and reads it again. The first bytes choose which objects.

#![no_main]

#[path = "../../tests/hostile/checks.rs"]
#[allow(dead_code)]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, &str)| {
    let (picks, text) = input;
    checks::yaml_layer(text, picks);
});
