//! Files below a megabyte that are made to cost as much as possible: what they cost, and what is said about them.
//!
//! ```text
//! cargo bench --bench attacks                                         # every row
//! cargo bench --bench attacks -- pigeonhole                           # rows whose name has this word
//! MESHLIFT_BENCH_BINARY=/old/meshlift cargo bench --bench attacks     # the same with another build, to compare with
//! ```
//!
//! The bar: every file below 1 MB ends within 10 s and 1 GB on two cores, with a verdict or `undecided`. Each row is a
//! process of its own; its peak memory is read while it runs. A run that takes more than a minute is ended. Numbers are
//! printed and never checked, because a time is no test.
#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BAR_TIME: Duration = Duration::from_secs(10);
const BAR_MEMORY: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// An attack: what stands on both sides, or what is to be converted.
struct Attack {
    name: &'static str,
    before: String,
    /// None: `convert` instead of `verify`.
    after: Option<String>,
    args: &'static [&'static str],
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("attacks: a benchmark, not a test; run `cargo bench --bench attacks`");
        return Ok(());
    }
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let binary = std::env::var("MESHLIFT_BENCH_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_meshlift").to_owned());
    println!("| attack | KB | time | peak | said | bar |");
    println!("|---|---:|---:|---:|---|---|");
    for attack in attacks()?.iter().filter(|attack| wanted.is_none_or(|word| attack.name.contains(word.as_str()))) {
        measure(&binary, attack)?;
    }
    Ok(())
}

/// One row.
fn measure(binary: &str, attack: &Attack) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (before, after) = (folder.path().join("before.yaml"), folder.path().join("after.yaml"));
    fs::write(&before, &attack.before)?;
    let mut command = Command::new(binary);
    match &attack.after {
        Some(text) => {
            fs::write(&after, text)?;
            command.arg("verify").args([&before, &after]).args(["--format", "json"]);
        }
        None => {
            command.arg("check").arg(&before).args(["--format", "json"]);
        }
    }
    let output = folder.path().join("output");
    command.args(attack.args).current_dir(folder.path());
    let start = Instant::now();
    let mut child = command.stdout(fs::File::create(&output)?).stderr(Stdio::null()).spawn()?;
    let (peak, ended) = watch(&mut child, start)?;
    let time = start.elapsed();
    let size = (attack.before.len() + attack.after.as_ref().map_or(0, String::len)) / 1000;
    let said = if ended { said(&output)? } else { format!("ended after {PATIENCE:?}") };
    let bar = if ended && time <= BAR_TIME && peak <= BAR_MEMORY { "held" } else { "**broken**" };
    println!("| {} | {size} | {time:.2?} | {} MB | {said} | {bar} |", attack.name, peak >> 20);
    Ok(())
}

/// Peak memory of a process in bytes, and whether it came to an end of its own.
fn watch(child: &mut Child, start: Instant) -> Result<(u64, bool)> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        peak = peak.max(high_water_mark(Path::new(&status)).unwrap_or(0));
        if child.try_wait()?.is_some() {
            return Ok((peak, true));
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok((peak, false));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// The verdicts in a report, and how many findings.
fn said(output: &Path) -> Result<String> {
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(output)?).context("no report")?;
    let rows = report["verification"].as_array().cloned().unwrap_or_default();
    let verdicts: BTreeSet<&str> = rows.iter().filter_map(|row| row["verdict"].as_str()).collect();
    let findings = report["findings"].as_array().map_or(0, Vec::len);
    let verdicts: Vec<&str> = verdicts.into_iter().collect();
    Ok(format!("{} in {} verdicts, {findings} findings", verdicts.join(" and "), rows.len()))
}

fn attacks() -> Result<Vec<Attack>> {
    let verify = |name, before, after| Attack { name, before, after: Some(after), args: &[] };
    let mut rows = vec![
        verify("20,000 CIDRs in one policy", blocks(20_000, false)?, blocks(20_000, true)?),
        verify("440 prefixes and 440 suffixes", ends(1, 440, false)?, ends(1, 440, true)?),
        verify("440 prefixes and 440 suffixes, 8 workloads", ends(8, 440, false)?, ends(8, 440, true)?),
        verify("300 + 300 patterns, 25 workloads", ends(25, 300, false)?, ends(25, 300, true)?),
    ];
    for (name, pigeons) in [("pigeonhole, 9", 9), ("pigeonhole, 10", 10), ("pigeonhole, 16", 16)] {
        rows.push(verify(name, pigeonhole(pigeons)?, services(1)? + DENY_ALL));
    }
    let several = (0..6).map(|n| named_pigeonhole(&format!("app{n}"), 9)).collect::<Result<String>>()?;
    rows.extend([
        verify("pigeonhole, 9, 6 workloads", services(6)? + &several, services(6)? + DENY_ALL),
        verify("500 policies with four negated lists", negated(500, false)?, negated(500, true)?),
        verify("1,000 claims", claims(1_000, false)?, claims(1_000, true)?),
        verify("300 + 300 hosts", hosts(300, false)?, hosts(300, true)?),
        verify("5,000 hosts with and without case", cased_hosts(5_000, false)?, cased_hosts(5_000, true)?),
        verify("6,000 policies on a workload", many(6_000, false)?, many(6_000, true)?),
        verify("2,000 workloads under 4,000 paths", broad(2_000, 4_000, false)?, broad(2_000, 4_000, true)?),
        verify("600 prefixes, each the start of the next", nested(600, false)?, nested(600, true)?),
        verify("a principal of 200,000 slashes", slashes(200_000, false)?, slashes(200_000, true)?),
        verify("templates of many stars", stars(false)?, stars(true)?),
        Attack {
            args: &["--to", "1.20"],
            ..verify("440 service accounts with dots", dotted(440, false)?, dotted(440, true)?)
        },
    ]);
    for (name, count) in [("10,000 unknown fields", 10_000), ("50,000 unknown fields", 50_000)] {
        rows.push(Attack { name, before: unknown(count)?, after: None, args: &[] });
    }
    Ok(rows)
}

const DENY_ALL: &str = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: nobody, namespace: shop}\nspec: {}\n";

/// So many Services, `app0` and so on, in the namespace `shop`.
fn services(count: usize) -> Result<String> {
    let mut text = String::new();
    for n in 0..count {
        write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: app{n}, namespace: shop}}\nspec: {{selector: {{app: app{n}}}, ports: [{{name: http, port: 80}}]}}\n"
        )?;
    }
    Ok(text)
}

/// A policy for one of them, or for all.
fn policy(app: Option<&str>, name: &str, action: &str, rules: &str) -> String {
    let selector = app.map(|app| format!("selector: {{matchLabels: {{app: {app}}}}}, ")).unwrap_or_default();
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{selector}action: {action}, rules: [{rules}]}}\n"
    )
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Blocks of addresses; on the other side the first one is cut into two, which grants the same.
fn blocks(count: usize, other: bool) -> Result<String> {
    let block = |n: usize| format!("{}.{}.{}.0/24", 11 + n / 65_536, n / 256 % 256, n % 256);
    let halves = ["11.0.0.0/25".to_owned(), "11.0.0.128/25".to_owned()];
    let first: Vec<String> = if other { halves.to_vec() } else { vec![block(0)] };
    let all = joined(first.into_iter().chain((1..count).map(block)));
    Ok(services(1)? + &policy(None, "blocks", "ALLOW", &format!("{{from: [{{source: {{ipBlocks: [{all}]}}}}]}}")))
}

/// Path prefixes and suffixes; on the other side one path more that a prefix already grants.
fn ends(workloads: usize, count: usize, other: bool) -> Result<String> {
    let mut text = services(workloads)?;
    for w in 0..workloads {
        let paths = (0..count).flat_map(|n| [format!("/a{w}x{n}/*"), format!("'*/z{w}x{n}'")]);
        let more = other.then(|| format!("/a{w}x0/more"));
        let all = joined(paths.chain(more));
        text += &policy(
            Some(&format!("app{w}")),
            &format!("paths{w}"),
            "ALLOW",
            &format!("{{to: [{{operation: {{paths: [{all}]}}}}]}}"),
        );
    }
    Ok(text)
}

/// More pigeons (headers) than holes (values): whatever the headers are, a rule denies.
fn pigeonhole(pigeons: usize) -> Result<String> {
    Ok(services(1)? + &named_pigeonhole("app0", pigeons)?)
}

fn named_pigeonhole(app: &str, pigeons: usize) -> Result<String> {
    let value = |pigeon: usize, hole: usize| format!("{{key: 'request.headers[{app}-{pigeon}]', values: [v{hole}]}}");
    let holes = joined((1..pigeons).map(|hole| format!("v{hole}")));
    let homeless =
        (0..pigeons).map(|p| format!("{{when: [{{key: 'request.headers[{app}-{p}]', notValues: [{holes}]}}]}}"));
    let crowded = (1..pigeons).flat_map(|hole| {
        (0..pigeons).flat_map(move |one| {
            (0..one).map(move |two| format!("{{when: [{}, {}]}}", value(one, hole), value(two, hole)))
        })
    });
    Ok(policy(Some(app), &format!("holes-{app}"), "DENY", &joined(homeless.chain(crowded))))
}

/// Policies that say what is not meant, in four lists each; the other side cuts one list into two rules.
fn negated(count: usize, other: bool) -> Result<String> {
    let mut text = services(1)?;
    for n in 0..count {
        let list = |what: &str| joined((0..8).map(|i| format!("{what}{n}x{i}")));
        let (paths, hosts, methods, users) = (list("/p"), list("h"), list("M"), list("td/ns/n/sa/s"));
        let rule = format!(
            "{{from: [{{source: {{notPrincipals: [{users}]}}}}], to: [{{operation: {{notPaths: [{paths}], notHosts: [{hosts}], notMethods: [{methods}]}}}}]}}"
        );
        let more = if other { format!("{rule}, {}", rule.replace("M0x", "M1x")) } else { rule };
        text += &policy(None, &format!("not{n}"), "DENY", &more);
    }
    Ok(text)
}

fn claims(count: usize, other: bool) -> Result<String> {
    let rule = |n: usize| format!("{{when: [{{key: 'request.auth.claims[c{n}]', values: [a, 'b*', '*c']}}]}}");
    let rules = joined(
        (0..count)
            .map(rule)
            .chain(other.then(|| "{when: [{key: 'request.auth.claims[c0]', values: [bb]}]}".to_owned())),
    );
    let tokens = "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: jwt, namespace: shop}\nspec: {jwtRules: [{issuer: iss, jwksUri: 'https://keys'}]}\n";
    Ok(services(1)? + tokens + &policy(None, "claims", "ALLOW", &rules))
}

fn hosts(count: usize, other: bool) -> Result<String> {
    let hosts = (0..count).flat_map(|n| [format!("a{n}.*"), format!("'*.z{n}'")]);
    let all = joined(hosts.chain(other.then(|| "a0.b".to_owned())));
    let rules = format!(
        "{{to: [{{operation: {{hosts: [{all}]}}}}]}}, {{when: [{{key: 'request.headers[:authority]', values: ['A0.*', '*.Z0']}}]}}"
    );
    Ok(services(1)? + &policy(None, "hosts", "ALLOW", &rules))
}

fn cased_hosts(count: usize, other: bool) -> Result<String> {
    let all = joined((0..count).map(|n| format!("host{n}.example")).chain(other.then(|| "more.example".to_owned())));
    let rules = format!(
        "{{to: [{{operation: {{hosts: [{all}]}}}}]}}, {{when: [{{key: 'request.headers[:authority]', values: [{all}]}}]}}"
    );
    Ok(services(1)? + &policy(None, "hosts", "ALLOW", &rules))
}

fn many(count: usize, other: bool) -> Result<String> {
    let mut text = services(1)?;
    for n in 0..count + usize::from(other) {
        write!(
            text,
            "---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {{name: p{n}, namespace: shop}}\nspec: {{rules: [{{to: [{{operation: {{paths: [/a{n}]}}}}]}}]}}\n"
        )?;
    }
    Ok(text)
}

/// Many workloads under one policy with many rules.
fn broad(workloads: usize, paths: usize, other: bool) -> Result<String> {
    let rules = (0..paths + usize::from(other)).map(|n| format!("{{to: [{{operation: {{paths: [/a{n}]}}}}]}}"));
    Ok(services(workloads)? + &policy(None, "all", "ALLOW", &joined(rules)))
}

fn nested(count: usize, other: bool) -> Result<String> {
    let paths = (1..count).map(|n| format!("/{}*", "a".repeat(n)));
    let all = joined(paths.chain(other.then(|| "/aab".to_owned())));
    Ok(services(1)? + &policy(None, "nested", "DENY", &format!("{{to: [{{operation: {{paths: [{all}]}}}}]}}")))
}

fn slashes(count: usize, other: bool) -> Result<String> {
    let user = format!("'a{}b{}'", "/".repeat(count), if other { "c" } else { "" });
    let tokens = "---\napiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {origins: [{jwt: {issuer: iss, jwksUri: 'https://keys'}}], principalBinding: USE_ORIGIN}\n";
    Ok(services(1)?
        + tokens
        + &policy(None, "slashes", "ALLOW", &format!("{{from: [{{source: {{requestPrincipals: [{user}]}}}}]}}")))
}

fn stars(other: bool) -> Result<String> {
    let paths = (0..20).map(|n| format!("'/{}{n}'", "{**}a".repeat(20)));
    let all = joined(paths.chain(other.then(|| format!("/{}", "a".repeat(200)))));
    Ok(services(1)? + &policy(None, "stars", "ALLOW", &format!("{{to: [{{operation: {{paths: [{all}]}}}}]}}")))
}

fn dotted(count: usize, other: bool) -> Result<String> {
    let users = (0..count).flat_map(|n| [format!("'*/sa/a.{n}'"), format!("td/ns/n/sa/p{n}*")]);
    let all = joined(users.chain(other.then(|| "td/ns/n/sa/p0more".to_owned())));
    Ok(services(1)? + &policy(None, "dots", "ALLOW", &format!("{{from: [{{source: {{principals: [{all}]}}}}]}}")))
}

/// Fields that no Policy has.
fn unknown(count: usize) -> Result<String> {
    let mut text = services(1)?;
    text += "---\napiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec:\n  peers: [{mtls: {}}]\n";
    for n in 0..count {
        writeln!(text, "  field{n}: x")?;
    }
    Ok(text)
}
