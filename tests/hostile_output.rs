//! Text that strangers wrote, in every place where they can put it and in every format that shows it. Nothing of it may
//! reach a reader unseen, command a CI system, or come to life in a comment.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod scene;

use scene::{Ran, Scene};
use serde_json::Value;

/// What somebody might put into a name.
const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{1b}[31mowned",
    "\u{9b}31m\u{7f}",
    "x\n::warning::owned",
    "\r::error file=a::owned",
    "##[error]owned",
    "##vso[task.complete]owned",
    "\u{202e}denwo\u{202c}",
    "\u{2066}o\u{2069}\u{200e}\u{200f}\u{61c}",
    "o\u{200b}w\u{200c}n\u{200d}e\u{2060}d\u{feff}",
    "@octocat",
    "&#64;octocat",
    "https://evil.example",
    "www.evil.example",
    "<img src=x>",
    "</details><script>x</script>",
    "a|b\\|c",
    "`x``` y",
    "[x](https://evil.example)",
    ":tada: GH-1 #1",
];

const ROLE: &str = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\n";
const POLICY: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\n";

/// One file for each place where a stranger's text can stand.
fn scene(hostile: &str) -> Scene {
    let quoted = Value::from(hostile).to_string();
    let in_path: String = hostile.replace('/', "_");
    let files = [
        (
            "name.yaml",
            format!("{ROLE}metadata: {{name: {quoted}, namespace: shop}}\nspec: {{rules: [], surprise: 1}}\n"),
        ),
        (
            "namespace.yaml",
            format!(
                "{POLICY}metadata: {{name: default, namespace: {quoted}}}\nspec:\n  peers: [{{mtls: {{}}}}]\n  surprise: 1\n"
            ),
        ),
        (
            "paths.yaml",
            format!(
                "{ROLE}metadata: {{name: paths, namespace: shop}}\nspec:\n  rules:\n  - services: [{quoted}]\n    paths: [{quoted}]\n    constraints:\n    - {{key: {quoted}, values: [{quoted}]}}\n"
            ),
        ),
        (
            "key.yaml",
            format!(
                "{POLICY}metadata: {{name: key, namespace: shop}}\nspec:\n  {quoted}: 1\n  peers: [{{mtls: {{mode: {quoted}}}}}]\n"
            ),
        ),
        ("twice.yaml", format!("{POLICY}metadata: {{name: twice}}\nspec: {{{quoted}: 1, {quoted}: 2}}\n")),
        ("alias.yaml", format!("{POLICY}metadata: {{name: alias}}\nspec: [{hostile}\n  *{hostile}, &a\n")),
        (
            "note.yaml",
            format!(
                "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default\n  labels: {{note: {quoted}}}\n  annotations: {{{quoted}: {quoted}}}\nspec:\n  peers: [{{mtls: {{}}}}]\n"
            ),
        ),
        (
            "labels.yaml",
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec:\n  selector: {{app: {quoted}}}\n  ports: [{{port: 80}}]\n---\n{POLICY}metadata: {{name: cart, namespace: shop}}\nspec:\n  targets: [{{name: cart}}]\n  peers: [{{mtls: {{}}}}]\n"
            ),
        ),
        ("before/a.yaml", grant("\"/a\"")),
        ("after/a.yaml", grant(&quoted)),
    ];
    let folder = format!("in {in_path}/{in_path}.yaml");
    let broken =
        format!("{POLICY}metadata: {{name: folder, namespace: shop}}\nspec: {{surprise: 1}}\n---\n{POLICY}a: [\n");
    let mut all: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    all.push((&folder, broken.as_bytes()));
    Scene::new(&all)
}

fn grant(path: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec:\n  rules:\n  - to:\n    - operation: {{paths: [{path}]}}\n"
    )
}

/// What a run writes on standard output.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    /// Text with meshlift's own colours.
    Coloured,
    Markdown,
    Json,
    Sarif,
    Github,
    Yaml,
}

/// Every command line that shows something of the input.
const RUNS: &[(&[&str], Kind)] = &[
    (&["check"], Kind::Text),
    (&["check", "-v"], Kind::Text),
    (&["check", "--format", "markdown"], Kind::Markdown),
    (&["check", "--format", "json"], Kind::Json),
    (&["check", "--format", "sarif"], Kind::Sarif),
    (&["check", "--format", "github"], Kind::Github),
    (&["diff", "--keep-going"], Kind::Text),
    (&["diff", "--keep-going", "--format", "markdown"], Kind::Markdown),
    (&["diff", "--keep-going", "--color", "always"], Kind::Coloured),
    (&["verify", "before", "after", "--color", "always"], Kind::Coloured),
    (&["diff", "--keep-going", "note.yaml"], Kind::Text),
    (&["diff", "--keep-going", "note.yaml", "--format", "markdown"], Kind::Markdown),
    (&["diff", "--keep-going", "labels.yaml"], Kind::Text),
    (&["convert", "--keep-going", "note.yaml"], Kind::Yaml),
    (&["convert", "--keep-going", "labels.yaml"], Kind::Yaml),
    (&["convert", "--keep-going"], Kind::Yaml),
    (&["verify", "before", "after"], Kind::Text),
    (&["verify", "before", "after", "--format", "markdown"], Kind::Markdown),
    (&["verify", "before", "after", "--format", "json"], Kind::Json),
];

#[test]
fn nothing_hostile_reaches_a_reader() {
    let sarif = sarif_schema();
    let mut problems = Vec::new();
    for hostile in HOSTILE {
        let scene = scene(hostile);
        for (arguments, kind) in RUNS {
            let ran = scene.run(arguments);
            let mut found = problems_of(&ran, *kind);
            if matches!(kind, Kind::Json | Kind::Sarif) && serde_json::from_str::<Value>(&ran.out).is_err() {
                found.push("no JSON".to_owned());
            }
            if *kind == Kind::Sarif {
                let log: Value = serde_json::from_str(&ran.out).unwrap_or_default();
                found.extend(sarif.iter_errors(&log).map(|error| format!("SARIF: {} {error}", error.instance_path())));
            }
            problems.extend(found.into_iter().map(|problem| format!("{hostile:?} {}: {problem}", arguments.join(" "))));
        }
        let missing = format!("no {hostile}.yaml");
        let option = format!("--{hostile}");
        for arguments in [
            ["check", "--config", &missing],
            ["check", "--to", &missing],
            ["mapping", "show", &missing],
            ["mapping", "check", &missing],
            ["explain", "no-code", &option],
            ["check", ".", &option],
        ] {
            let ran = scene.run(&arguments).code(2);
            let found = problems_of(&ran, Kind::Text);
            problems.extend(found.into_iter().map(|problem| format!("{hostile:?} {}: {problem}", arguments[1])));
        }
    }
    let count = problems.len();
    problems.truncate(40);
    assert!(problems.is_empty(), "{count} problems:\n{}", problems.join("\n"));
}

/// The schema of OASIS, in which one pattern (of a field that meshlift does not write) is no regular expression.
fn sarif_schema() -> jsonschema::Validator {
    let schema = include_str!("schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn problems_of(ran: &Ran, kind: Kind) -> Vec<String> {
    let mut problems = Vec::new();
    let of_errors = if kind == Kind::Coloured { kind } else { Kind::Text };
    for (stream, text, kind) in [("stdout", ran.out.as_str(), kind), ("stderr", ran.err.as_str(), of_errors)] {
        if text.contains("\u{1b}[31mowned") {
            problems.push(format!("{stream} is coloured by its input"));
        }
        let plain = if kind == Kind::Coloured { without_colours(text) } else { text.to_owned() };
        let text = plain.as_str();
        for line in text.split('\n') {
            if line.chars().any(|character| character != '\t' && is_hidden(character)) {
                problems.push(format!("{stream} hides something: {line:?}"));
            }
            // The objects themselves are data; a log that they are printed to is not meshlift's.
            if kind != Kind::Yaml && (line.contains("##[") || line.contains("##vso[")) {
                problems.push(format!("{stream} holds a command: {line:?}"));
            }
            let own =
                kind == Kind::Github && ["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own));
            if kind != Kind::Yaml && line.trim_start().starts_with("::") && !own {
                problems.push(format!("{stream} starts a command: {line:?}"));
            }
            if own && line.matches("::").count() < 2 {
                problems.push(format!("{stream} has a broken command: {line:?}"));
            }
        }
    }
    if kind == Kind::Markdown {
        problems.extend(live(&ran.out));
        if ran.out.chars().count() > 65_536 {
            problems.push("a comment that cannot be posted".to_owned());
        }
    }
    problems
}

/// Text without `ESC [ … m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        match part[code..].strip_prefix('m') {
            Some(rest) => plain += rest,
            None => plain += &format!("\u{1b}[{part}"),
        }
    }
    plain
}

/// Kept apart from the program's own list, so that the two can differ.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What GitHub would bring to life in the page that the Markdown becomes: elements that meshlift never writes, and, in
/// the text outside of code, mentions, references, emoji and addresses.
fn live(markdown: &str) -> Vec<String> {
    let mut options = comrak::Options::default();
    options.extension.autolink = true;
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    let page = comrak::markdown_to_html(markdown, &options);
    let mut problems = Vec::new();
    let mut text = String::new();
    let mut in_code = 0_usize;
    for (index, part) in page.split('<').enumerate() {
        let (tag, after) = if index == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match (name, tag.starts_with('/')) {
            ("code" | "pre", false) => in_code += 1,
            ("code" | "pre", true) => in_code = in_code.saturating_sub(1),
            (
                "" | "h2" | "h3" | "p" | "ul" | "li" | "table" | "thead" | "tbody" | "tr" | "th" | "td" | "strong"
                | "br" | "details" | "summary",
                _,
            ) => {}
            _ => problems.push(format!("the page has <{tag}>")),
        }
        if in_code == 0 {
            text += &after.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        }
    }
    let follows = |at: usize, digit: bool| {
        let next = text.get(at..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| if digit { next.is_ascii_digit() } else { next.is_ascii_alphanumeric() })
    };
    let lower = text.to_lowercase();
    let mention = text.match_indices('@').any(|(at, _)| follows(at + 1, false));
    let issue = text.match_indices('#').any(|(at, _)| follows(at + 1, true));
    let other = lower.match_indices("gh-").any(|(at, _)| follows(at + 3, true));
    let address = lower.contains("://") || lower.contains("www.");
    let emoji = lower.contains(":tada:");
    if mention || issue || other || address || emoji {
        problems.push(format!(
            "live text: {:?}",
            text.lines().filter(|line| line.contains(['@', '#', ':'])).collect::<Vec<_>>()
        ));
    }
    problems
}

#[test]
fn json_keeps_names_exactly_and_shows_what_sentences_hide() {
    let scene = Scene::new(&[(
        "a\u{202e}.yaml",
        format!("{POLICY}metadata: {{name: \"b\\u009bc\", namespace: shop}}\nspec: {{surprise\u{200b}: 1}}\n")
            .as_bytes(),
    )]);
    let ran = scene.run(&["check", "--format", "json"]);
    assert!(ran.out.contains("a\\u202e.yaml"), "{}", ran.out);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let finding = report["findings"]
        .as_array()
        .and_then(|all| all.iter().find(|f| f["code"] == "unknown-field"))
        .expect("a finding");
    assert_eq!(finding["file"], "a\u{202e}.yaml");
    assert!(finding["message"].as_str().is_some_and(|message| message.contains("surprise\\u{200b}")), "{finding}");
}

#[test]
fn converted_objects_keep_what_cannot_be_seen_as_escapes() {
    let policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default\n  annotations:\n    a: \"x\\u202ey\\U000E0041\"\n    b: pl\u{200b}ain # no\u{2066}te\nspec:\n  peers:\n  - mtls: {}\n";
    let scene = Scene::new(&[("a.yaml", policy.as_bytes())]);
    let ran = scene.run(&["convert"]).code(0);
    assert!(ran.out.contains("a: \"x\\u202ey\\U000e0041\""), "{}", ran.out);
    assert!(ran.out.contains("b: \"pl\\u200bain\" # no\\u{2066}te"), "{}", ran.out);
}

#[test]
fn many_findings_on_one_object_are_counted_beyond_the_first_fifty() {
    let fields: String = (0..10_000).map(|number| format!("  surprise{number}: 1\n")).collect();
    let policy = format!("{POLICY}metadata: {{name: default, namespace: shop}}\nspec:\n{fields}");
    let scene = Scene::new(&[("a.yaml", policy.as_bytes())]);
    let ran = scene.run(&["check"]).says("... and 9950 more like this").says("10000 ");
    assert_eq!(ran.out.matches("Istio ignored `surprise").count(), 50);
    scene.run(&["check", "--format", "sarif"]).says("(and 9950 more like this)");
    scene.run(&["check", "--format", "github"]).says("(and 9950 more like this)");
    let ran = scene.run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let listed: Vec<&Value> =
        report["findings"].as_array().expect("findings").iter().filter(|f| f["code"] == "unknown-field").collect();
    assert_eq!(listed.len(), 50);
    assert_eq!(listed[49]["more"], 9_950);
    assert!(listed[..49].iter().all(|finding| finding.get("more").is_none()));
}
