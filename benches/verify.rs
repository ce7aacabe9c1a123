//! What the proof costs, against the number of workloads and of rules.
//!
//! ```text
//! cargo bench --bench verify                                # up to 1,000 workloads × 50 rules
//! MESHLIFT_BENCH_WORKLOADS=100 cargo bench --bench verify   # a quick look
//! ```
//!
//! Each workload has its own Service, its own role with so many access rules and its own caller; the other side holds the
//! AuthorizationPolicies that grant the same. The target (`inside/design.md` §9): 1,000 workloads × 50 rules under 5 s on two
//! cores. Time is also given as a ratio to reading both sides in the same run. Numbers are printed and never checked.
#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use anyhow::{Result, ensure};
use meshlift::access::{self, Budget, Options, Outcome, Side, World};
use meshlift::mesh::{self, BuildOptions, Completeness, Input, Mesh};
use meshlift::yaml::Stream;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

const WORKLOADS: usize = 1_000;
const RULES: [usize; 4] = [5, 10, 25, 50];

fn main() -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("verify: a benchmark, not a test; run `cargo bench --bench verify`");
        return Ok(());
    }
    let most = std::env::var("MESHLIFT_BENCH_WORKLOADS").ok().and_then(|n| n.parse().ok()).unwrap_or(WORKLOADS);
    println!("| workloads | rules each | same rules | verdicts | prove | read both sides | ratio |");
    println!("|---:|---:|---|---:|---:|---:|---:|");
    for workloads in [most / 10, most / 3, most] {
        measure(workloads.max(1), 50, false)?;
    }
    for rules in RULES {
        measure(most, rules, false)?;
    }
    measure(most, 50, true)
}

/// One row: proves that the old and the new side are equal. With `alike` every workload has the same rules, as policies
/// for a whole namespace give them; equal questions are then asked once.
fn measure(workloads: usize, rules: usize, alike: bool) -> Result<()> {
    let (old, new) = texts(workloads, rules, alike)?;
    let start = Instant::now();
    let (old, new) = (read(&old)?, read(&new)?);
    let reading = start.elapsed();
    let start = Instant::now();
    let verdicts = access::prove(
        Side { mesh: &old, world: World::Source },
        Side { mesh: &new, world: World::Target },
        &Options { strict: false, budget: Budget::default() },
    );
    let proving = start.elapsed();
    ensure!(verdicts.iter().all(|verdict| verdict.outcome == Outcome::Equal), "the sides are built to be equal");
    println!(
        "| {workloads} | {rules} | {} | {} | {proving:.2?} | {reading:.2?} | {:.2} |",
        if alike { "yes" } else { "no" },
        verdicts.len(),
        proving.as_secs_f64() / reading.as_secs_f64()
    );
    Ok(())
}

/// The old and the new side as YAML.
fn texts(workloads: usize, rules: usize, alike: bool) -> Result<(String, String)> {
    let mut old =
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: 'ON'}\n"
            .to_owned();
    let mut new = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: default-deny, namespace: istio-system}\nspec: {}\n".to_owned();
    for n in 0..workloads {
        let service = format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: app{n}, namespace: shop}}\nspec: {{selector: {{app: app{n}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}\n"
        );
        let caller = if alike { "front".to_owned() } else { format!("front{n}") };
        let user = format!("cluster.local/ns/web/sa/{caller}");
        let mark = if alike { 0 } else { n };
        old += &service;
        new += &service;
        write!(
            old,
            "---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {{name: role{n}, namespace: shop}}\nspec: {{subjects: [{{user: {user}}}], roleRef: {{kind: ServiceRole, name: role{n}}}}}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {{name: role{n}, namespace: shop}}\nspec:\n  rules:\n"
        )?;
        write!(
            new,
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: role{n}, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: app{n}}}}}\n  action: ALLOW\n  rules:\n"
        )?;
        for r in 0..rules {
            let operation = format!("methods: [GET], paths: ['/a{mark}/{r}', '/b{r}/*']");
            writeln!(old, "  - {{services: ['app{n}.*'], {operation}}}")?;
            writeln!(
                new,
                "  - {{from: [{{source: {{principals: [{user}]}}}}], to: [{{operation: {{{operation}}}}}]}}"
            )?;
        }
    }
    Ok((old, new))
}

fn read(text: &str) -> Result<Mesh> {
    let stream = Stream::parse("bench.yaml", Arc::from(text));
    ensure!(stream.findings.is_empty(), "the text is built to be YAML");
    let inputs = stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect();
    let world =
        mesh::build(inputs, &BuildOptions { one_mesh: true, complete: Completeness::All, ..BuildOptions::default() });
    match world.environments.into_iter().next() {
        Some(environment) => Ok(environment.mesh),
        None => anyhow::bail!("the text is built to be one environment"),
    }
}
