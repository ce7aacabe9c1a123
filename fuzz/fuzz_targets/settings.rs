//! Reads anything as settings and as a mapping file: no panic, and every mistake is somewhere in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshlift::{cli::config::Config, mapping};

fuzz_target!(|text: &str| {
    // In YAML a carriage return alone ends a line too.
    let lines = text.split(['\n', '\r']).count();
    if let Err(misread) = Config::parse("meshlift.yaml", text) {
        assert!(misread.place.line <= lines + 1, "{misread}");
        assert!(text.get(misread.place.span.range()).is_some(), "{misread}");
    }
    for finding in mapping::check("mapping.yaml", text) {
        assert!(finding.place.is_some_and(|place| place.line <= lines + 1), "{}", finding.message);
    }
});
