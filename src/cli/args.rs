//! The command line, as data. What the words mean is decided in the subcommands and in `run`.

use crate::mesh::evidence::kubectl_get_all;
use crate::mesh::{Completeness, Fact, InventoryKind};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Exit codes, shown under `--help`.
const EXIT_CODES: &str = "\
Exit codes (the same for every format):
  0  nothing to do, or done
  1  changes pending (`check`, `diff --exit-code`)
  2  usage, I/O or parse error
  3  something was refused, or lost access and was not allowed by name, or the branch changes the settings
  4  verification found a difference
  5  no input";

/// Examples under `--help`; the dump command asks for every kind that the decoder reads.
fn examples() -> String {
    let dump = kubectl_get_all(InventoryKind::ALL);
    format!(
        "\
Examples:
  meshlift                                   what would change below this folder
  meshlift diff policies --inventory k8s     policies here, Services and Deployments there
  meshlift check --format github .           findings as annotations in a pull request
  meshlift verify old new                    do these two sets of manifests grant the same access?

A whole cluster, in one file; what it shows of a kind is then all there is of it:
  {dump} > cluster.yaml
  meshlift convert --inventory-complete cluster.yaml > new.yaml"
    )
}

/// Migrates the security manifests of old Istio and proves that the same callers keep the same access.
///
/// Reads MeshPolicy, Policy, ServiceRole, ServiceRoleBinding, ClusterRbacConfig and RbacConfig; writes
/// PeerAuthentication, RequestAuthentication and AuthorizationPolicy. Without a subcommand it is `meshlift diff`.
#[derive(Debug, Parser)]
#[command(name = "meshlift", version, max_term_width = 100)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{}\n\n{EXIT_CODES}", examples()))]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `diff`, when no subcommand is named.
    #[command(flatten)]
    pub diff: DiffArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would change, as a diff that pairs old and new objects; write nothing
    Diff(Box<DiffArgs>),
    /// Print the new objects as one YAML stream, or rewrite the files
    Convert(Box<ConvertArgs>),
    /// Report findings and the verdict on access only, for CI
    Check(Box<CheckArgs>),
    /// Decide whether two sets of manifests grant the same access
    Verify(Box<VerifyArgs>),
    /// Say what a finding means, why it happens and what to do
    Explain(ExplainArgs),
    /// List, show or check the mapping files
    Mapping(MappingArgs),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// `meshlift diff`.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct DiffArgs {
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Exit with 1 when something would change, like `git diff --exit-code`
    #[arg(long)]
    pub exit_code: bool,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `meshlift convert`.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct ConvertArgs {
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Rewrite the files in place: all of them, or none
    #[arg(long, conflicts_with = "output")]
    pub write: bool,
    /// With --write: rewrite files in a git work tree although git does not hold their present text
    #[arg(long, requires = "write", conflicts_with = "output")]
    pub allow_dirty: bool,
    /// With --write: first copy the old files below this folder, by their paths; never overwrites another copy
    #[arg(long, value_name = "DIR", requires = "write", conflicts_with = "output")]
    pub backup: Option<PathBuf>,
    /// Write converted copies of the files below this folder instead
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// `meshlift check`.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct CheckArgs {
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `meshlift verify`.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct VerifyArgs {
    /// BEFORE and AFTER; with --base, the paths to compare with that revision
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compare this git revision (BEFORE) with the working tree (AFTER)
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    #[command(flatten)]
    pub mesh: MeshArgs,
    /// Accept no relaxation: equal means equal for every request
    #[arg(long)]
    pub strict: bool,
    /// Accept differences of this kind (repeatable)
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub accept: Vec<Accepted>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = VerifyFormat::Text)]
    pub format: VerifyFormat,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What diff, convert and check have in common.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct ConversionArgs {
    /// Files, folders (recursive, respecting ignore files) or `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub mesh: MeshArgs,
    /// Version of security.istio.io to write [default: v1 where --to serves it]
    #[arg(long, value_enum, help_heading = "Conversion")]
    pub api_version: Option<ApiVersionArg>,
    /// Use exact forms only, however unusual they look: no relaxations
    #[arg(long, help_heading = "Conversion")]
    pub strict: bool,
    /// Accept the findings with this code (repeatable), even where access becomes wider
    #[arg(long, value_name = "CODE", help_heading = "Conversion")]
    pub allow: Vec<String>,
    /// Convert what can be converted although something else was refused
    #[arg(long, help_heading = "Conversion")]
    pub keep_going: bool,
    /// Skip the proof that the same callers keep the same access
    #[arg(long, help_heading = "Conversion")]
    pub no_verify: bool,
    /// What plaintext-only ports become: `disable` is exact, `permissive` also takes mutual TLS [default: disable]
    #[arg(long, value_enum, help_heading = "Conversion")]
    pub plaintext: Option<Plaintext>,
    /// Keep ports open that no Service declares, as they were under the old RBAC
    #[arg(long, help_heading = "Conversion")]
    pub port_fence: bool,
    /// Also write dry-run copies of PERMISSIVE bindings and configs
    #[arg(long, help_heading = "Conversion")]
    pub shadow: bool,
    /// Let `source.principal: "*"` admit callers without an identity, as Istio's code did against its documentation
    #[arg(long, help_heading = "Conversion")]
    pub legacy_bug_compat: bool,
    /// Write the JSON report to this file as well
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What is known about the mesh besides the manifests.
#[derive(Args, Debug)]
#[command(next_help_heading = "Mesh")]
#[allow(missing_docs)]
pub struct MeshArgs {
    /// Folder of mapping files that are used in place of the built-in ones for their kinds; keys that they add count
    /// wherever old objects are read
    #[arg(long, value_name = "DIR")]
    pub mappings: Option<PathBuf>,
    /// Read Services, workloads, namespaces and current policies from here too; never rewritten (repeatable)
    #[arg(long, value_name = "PATH")]
    pub inventory: Vec<PathBuf>,
    /// There is nothing beside the input and the inventory: of these kinds (`services,workloads,…` or `all`); without a
    /// value, of the kinds that the input shows
    #[arg(long, value_name = "KIND,…", num_args = 0..=1, require_equals = true, default_missing_value = "shown")]
    pub inventory_complete: Option<Completeness>,
    /// State what the input cannot show: `rbac=on|off|namespaces:a,b` (the ClusterRbacConfig that lives elsewhere),
    /// `mtls=strict|permissive|disable` (the MeshPolicy that does), `sniffing=on|off`; listed in every report (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub assume: Vec<Fact>,
    /// Treat the whole input as one mesh, even where folders hold objects of the same name or look like environments
    #[arg(long)]
    pub one_mesh: bool,
    /// Istio release the old objects ran on [default: 1.5]
    #[arg(long, value_enum, value_name = "RELEASE")]
    pub from: Option<From>,
    /// The same as `--assume sniffing=on`: the old proxies sniffed the protocol of ports without a protocol name (1.5; off
    /// in Istio's charts)
    #[arg(long)]
    pub inbound_sniffing: bool,
    /// Istio release that will run the result, like 1.22 [default: the newest known, 1.30]
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// The mesh's root namespace [default: istio-system]
    #[arg(long, value_name = "NAMESPACE")]
    pub root_namespace: Option<String>,
    /// The mesh's trust domain [default: cluster.local]
    #[arg(long, value_name = "DOMAIN")]
    pub trust_domain: Option<String>,
    /// A trust domain alias of the mesh (repeatable)
    #[arg(long, value_name = "DOMAIN")]
    pub trust_domain_alias: Vec<String>,
    /// DNS suffix of the cluster [default: cluster.local]
    #[arg(long, value_name = "DOMAIN")]
    pub cluster_domain: Option<String>,
    /// Namespace of documents that name none, as with `kubectl -n` [default: not known]
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    #[command(flatten)]
    pub settings: SettingsArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Which settings count.
#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// Settings file, also as REV:FILE of a git revision [default: the nearest meshlift.yaml upwards; with --base, that of
    /// the base revision]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use no settings file
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
}

/// How much is read, from where, and how much the proof may cost.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Refuse larger files [default: 64MB, and 1GB from standard input]
    #[arg(long, value_name = "SIZE", value_parser = super::settings::size)]
    pub max_file_size: Option<u64>,
    /// Follow links that lead out of the repository (or of the folder, where there is none)
    #[arg(long)]
    pub follow_links: bool,
    /// Let the proof take so many times its usual number of steps before it says `undecided`
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub proof_budget: u32,
}

/// How much is said, and how.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say only what is wrong
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Also say which files were read and which environments were found
    #[arg(short, long)]
    pub verbose: bool,
}

/// `meshlift explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The finding's code; without it, every code is listed
    pub code: Option<String>,
}

/// `meshlift mapping`.
#[derive(Args, Debug)]
#[allow(missing_docs)]
pub struct MappingArgs {
    #[command(subcommand)]
    pub action: MappingAction,
    /// Folder of mapping files that are used in place of the built-in ones for their kinds
    #[arg(long, value_name = "DIR", global = true)]
    pub mappings: Option<PathBuf>,
}

/// The actions of `meshlift mapping`.
#[derive(Debug, Subcommand)]
pub enum MappingAction {
    /// List the mapping files
    List,
    /// Show what becomes of every field of a kind, and why
    Show {
        /// A kind (service-role, ServiceRole), or the name of a file as `list` prints it
        name: String,
        /// Print the file itself, as a start for one of your own
        #[arg(long)]
        yaml: bool,
    },
    /// Check a mapping file of your own
    Check {
        /// The file
        file: PathBuf,
    },
}

/// `meshlift schema`.
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// Which schema
    #[arg(value_enum)]
    pub which: Schema,
}

/// `meshlift completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Output formats of diff and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Format {
    Text,
    Markdown,
    Json,
    Sarif,
    Github,
}

/// Output formats of verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum VerifyFormat {
    Text,
    Markdown,
    Json,
}

/// Differences that `verify` can be told to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Accepted {
    /// The new side may allow more.
    Wider,
    /// The new side may allow less.
    Narrower,
    /// The comparison may run out of its budget.
    Undecided,
    /// The settings may differ from those of the base revision (which count all the same).
    Settings,
}

/// `--from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum From {
    #[value(name = "1.4")]
    V1_4,
    #[value(name = "1.5")]
    V1_5,
}

/// `--api-version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ApiVersionArg {
    #[value(name = "v1")]
    V1,
    #[value(name = "v1beta1")]
    V1Beta1,
}

/// `--plaintext`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plaintext {
    /// DISABLE: exact.
    Disable,
    /// PERMISSIVE: also takes mutual TLS.
    Permissive,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `meshlift schema`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Of the mapping files.
    Mapping,
    /// Of the JSON report.
    Report,
    /// Of meshlift.yaml.
    Config,
}
