//! How fast meshlift converts a large stream with the proof switched off, and how much memory that takes.
//!
//! ```text
//! cargo bench --bench convert                         # 20 MB
//! MESHLIFT_BENCH_MB=2 cargo bench --bench convert     # a quick look
//! ```
//!
//! Half of the stream are old objects, the rest is what a cluster dump holds beside them. The targets (`inside/design.md` §9):
//! at least 15 MB/s, and a peak memory below 12 times the file plus 64 MB. Time is also given as a ratio to parsing the
//! same stream in the same run. The numbers are printed and never checked, because a time is no test.
#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use anyhow::{Context, Result, ensure};
use meshlift::convert::Options;
use meshlift::convert::placement::Style;
use meshlift::files::Root;
use meshlift::finding::Severity;
use meshlift::mapping::Mappings;
use meshlift::mesh::{Completeness, Settings};
use meshlift::report::Purpose;
use meshlift::run::{self, Done, Job, Reading};
use meshlift::yaml::Stream;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MEGABYTES: usize = 20;
const NAMESPACES: usize = 200;
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("convert: a benchmark, not a test; run `cargo bench --bench convert`");
        return Ok(());
    }
    let wanted = match std::env::var("MESHLIFT_BENCH_MB") {
        Ok(number) => number.parse().context("MESHLIFT_BENCH_MB is not a number")?,
        Err(_) => MEGABYTES,
    };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("dump.yaml");
    let size = write_dump(&file, wanted * 1_000_000)?;
    let before = peak_memory();
    println!("{:.1} MB of YAML in {NAMESPACES} namespaces, best of {ROUNDS} rounds", megabytes(size));

    let (mut converting, mut parsing) = (Vec::new(), Vec::new());
    let mut peak = None;
    // In turns, so that both meet the same state of the machine.
    for _ in 0..ROUNDS {
        converting.push(convert(&file)?);
        peak = peak.or_else(peak_memory);
        parsing.push(parse(&file)?);
    }
    let converting = converting.iter().min().context("no round was run")?;
    let parsing = parsing.iter().min().context("no round was run")?;
    println!("parse     {parsing:>10.1?}  {:.1} MB/s", speed(size, *parsing));
    println!("convert   {converting:>10.1?}  {:.1} MB/s   (target: at least 15)", speed(size, *converting));
    println!("ratio     {:>10.2}", converting.as_secs_f64() / parsing.as_secs_f64());
    if let (Some(before), Some(peak)) = (before, peak) {
        let most = megabytes(12 * size) + 64.0;
        println!(
            "memory    {:>7.0} MB  peak, {:.1} times the file (target: below {most:.0} MB); {:.0} MB before the first run",
            megabytes(peak),
            peak as f64 / size as f64,
            megabytes(before)
        );
    }
    Ok(())
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn speed(bytes: usize, time: Duration) -> f64 {
    megabytes(bytes) / time.as_secs_f64()
}

/// The most memory that this process has held so far, in bytes; `None` where the system does not tell.
fn peak_memory() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()? * 1024)
}

fn parse(file: &Path) -> Result<Duration> {
    let text: Arc<str> = fs::read_to_string(file)?.into();
    let start = Instant::now();
    let stream = Stream::parse("dump.yaml", text);
    let time = start.elapsed();
    ensure!(stream.findings.is_empty(), "the stream is not YAML: {:?}", stream.findings.first());
    Ok(time)
}

fn convert(file: &Path) -> Result<Duration> {
    let job = Job {
        roots: vec![Root::input(file)],
        reading: Reading {
            settings: Settings::default(),
            one_mesh: true,
            complete: Completeness::All,
            ..Reading::default()
        },
        mappings: Mappings::embedded(),
        options: Options::default(),
        style: Style { api_version: None, target: Settings::default().target },
        verify: None,
        keep_going: false,
        purpose: Purpose::Convert,
        findings: Vec::new(),
    };
    let start = Instant::now();
    let done = run::run(job);
    let time = start.elapsed();
    check(&done)?;
    Ok(time)
}

/// A fast wrong answer is no result.
fn check(done: &Done) -> Result<()> {
    let summary = &done.report.summary;
    let error = done.report.findings.iter().find(|finding| finding.severity == Severity::Error);
    ensure!(error.is_none(), "something was refused: {error:?}");
    ensure!(summary.legacy > 0 && summary.converted + summary.inert == summary.legacy, "not converted: {summary:?}");
    ensure!(!done.changes.is_empty() && done.may_write, "nothing to write");
    Ok(())
}

/// Writes a stream of about `wanted` bytes; returns how many they became.
fn write_dump(file: &Path, wanted: usize) -> Result<usize> {
    let mut text = MESH.to_owned();
    let mut number = 0;
    while text.len() < wanted {
        text.push_str(&application(number));
        number += 1;
    }
    fs::write(file, &text)?;
    Ok(text.len())
}

const MESH: &str = "\
apiVersion: authentication.istio.io/v1alpha1
kind: MeshPolicy
metadata:
  name: default
spec:
  peers:
  - mtls:
      mode: PERMISSIVE
---
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata:
  name: default
spec:
  mode: ON
";

/// One application: its Service and Deployment, its Policy, its role and who has it.
fn application(number: usize) -> String {
    let (namespace, name) = (format!("team-{:03}", number % NAMESPACES), format!("app-{number:06}"));
    let caller = format!("app-{:06}", number / 2);
    format!(
        "\
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    team: {namespace}
spec:
  selector:
    app: {name}
  ports:
  - name: http-web
    port: 80
    targetPort: 8080
  - name: grpc-api
    port: 9000
    targetPort: grpc
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    team: {namespace}
  annotations:
    example.com/owner: {namespace}@example.com
spec:
  replicas: 3
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        version: v1
        team: {namespace}
    spec:
      serviceAccountName: {name}
      containers:
      - name: main
        image: registry.example.com/{namespace}/{name}:1.0.{number}
        args: [\"--listen=:8080\", \"--level=info\"]
        env:
        - name: NAMESPACE
          value: {namespace}
        - name: PEER
          value: http://{caller}.{namespace}.svc.cluster.local
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        ports:
        - name: http
          containerPort: 8080
        - name: grpc
          containerPort: 9090
---
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  targets:
  # Monitoring still speaks plaintext on the other port.
  - name: {name}
    ports:
    - number: 80
  peers:
  - mtls: {{}}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata:
  name: {name}-reader
  namespace: {namespace}
  labels:
    app: {name}
spec:
  rules:
  - services: [\"{name}.{namespace}.svc.cluster.local\"]
    methods: [\"GET\", \"HEAD\"]
    paths: [\"/api/{name}/*\", \"/healthz\"]
  - services: [\"{name}.{namespace}.svc.cluster.local\"]
    methods: [\"POST\"]
    paths: [\"/api/{name}/orders\"]
    constraints:
    - key: destination.labels[version]
      values: [\"v1\"]
    - key: request.headers[x-team]
      values: [\"{namespace}\"]
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata:
  name: {name}-readers
  namespace: {namespace}
  labels:
    app: {name}
spec:
  subjects:
  - user: cluster.local/ns/{namespace}/sa/{caller}
  - properties:
      source.namespace: monitoring
  roleRef:
    kind: ServiceRole
    name: {name}-reader
"
    )
}
