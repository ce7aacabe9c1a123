use super::*;

#[test]
fn terminal_escapes_and_reordering_marks_are_shown_not_sent() {
    assert_eq!(line("a\u{1b}[31mb\tc\r\u{202e}d"), "a\\u{1b}[31mb\tc\\r\\u{202e}d");
    assert_eq!(line("a\nb"), "a\\nb");
    assert_eq!(prose("a\nb\u{200b}"), "a\nb\\u{200b}");
    assert!(matches!(line("plain é ##x # [y]"), Cow::Borrowed(_)));
}

#[test]
fn a_command_of_a_runner_loses_its_bracket_wherever_it_stands() {
    for (command, powerless) in [
        ("x ##[error]y", "x ##\\u{5b}error]y"),
        ("####[group]", "####\\u{5b}group]"),
        ("##vso[task.setvariable variable=a]b", "##vso\\u{5b}task.setvariable variable=a]b"),
        ("###teamcity[x]", "###teamcity\\u{5b}x]"),
        ("a##b##[c]", "a##b##\\u{5b}c]"),
    ] {
        assert_eq!(line(command), powerless);
        assert_eq!(page(command, Colour::None), powerless);
    }
    for harmless in ["#[x]", "## [x]", "##x-[y]", "[##]"] {
        assert_eq!(line(harmless), harmless);
    }
}

#[test]
fn no_line_of_a_page_starts_a_command() {
    assert_eq!(page("a\n \t::warning::b\nc::d::e\n", Colour::None), "a\n \t\\u{3a}:warning::b\nc::d::e\n");
    assert_eq!(page("\u{a0}::add-mask::x", Colour::None), "\u{a0}\\u{3a}:add-mask::x");
    assert_eq!(page("\u{1b}[1m ::x", Colour::Own), "\u{1b}[1m \\u{3a}:x");
    assert!(matches!(page("plain\n\ttext\n", Colour::None), Cow::Borrowed(_)));
}

#[test]
fn a_page_lets_only_its_own_colours_through() {
    assert_eq!(page("\u{1b}[1;31mred\u{1b}[0m", Colour::Own), "\u{1b}[1;31mred\u{1b}[0m");
    assert_eq!(page("\u{1b}[1;31mred", Colour::None), "\\u{1b}[1;31mred");
    assert_eq!(page("\u{1b}]0;title\u{7}\u{1b}[2J", Colour::Own), "\\u{1b}]0;title\\u{7}\\u{1b}[2J");
    assert_eq!(page("a\rb\u{9b}c", Colour::Own), "a\\rb\\u{9b}c");
}

#[test]
fn json_shows_what_it_holds_and_means_the_same() {
    let value = serde_json::json!({"a\u{202e}": ["\u{9b}\u{feff}\u{e0041}\u{7f} ##[error] é", "\n\u{1b}"]});
    let plain = serde_json::to_string_pretty(&value).unwrap_or_default();
    let gated = json(&plain);
    assert!(gated.chars().all(|character| character == '\n' || !is_hidden(character)), "{gated}");
    assert!(gated.contains("##\\u005berror]") && gated.contains("\\udb40\\udc41") && gated.contains('é'), "{gated}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&gated).ok(), Some(value));
}

#[test]
fn what_passed_once_passes_again_unchanged() {
    for text in ["\u{1b}[31m", "##[x]", "a\r\n::b", "\u{202e}", "\\u{5b}"] {
        let once = line(text).into_owned();
        assert_eq!(line(&once), once);
        let once = page(text, Colour::None).into_owned();
        assert_eq!(page(&once, Colour::None), once);
    }
}
