//! Options and `meshlift.yaml` put together into what a run needs. Command line options win; lists are joined.

mod facts;
mod revision;
mod source;

pub use source::{InForce, limits, size};

use super::args::{ApiVersionArg, ConversionArgs, From, LimitArgs, MeshArgs, Plaintext};
use super::config::Config;
use crate::access::Budget;
use crate::api::legacy::AddedKeys;
use crate::convert::Options;
use crate::convert::placement::{ApiVersion, Style};
use crate::files::{self, Limits, Root, Snapshot};
use crate::finding::catalogue::mtls::PLAINTEXT_PERMISSIVE;
use crate::finding::{Code, Finding};
use crate::mapping::Mappings;
use crate::mesh::{Completeness, Facts, Settings, SourceRelease, Version};
use crate::report::{self, Purpose, Report};
use crate::run::{Folders, Job, Reading};
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The job of `diff`, `convert` and `check`.
///
/// # Errors
/// When an option or setting has a value that means nothing.
pub fn job(args: &ConversionArgs, purpose: Purpose) -> anyhow::Result<Job> {
    let limits = limits(&args.mesh.limits);
    let in_force = source::in_force(&args.mesh.settings, &limits)?;
    let config = &in_force.config;
    let facts = facts::stated(&args.mesh, &in_force)?;
    let settings = mesh_settings(&args.mesh, &in_force, &facts)?;
    let target = settings.target;
    let (mappings, findings) = mappings(&args.mesh, &in_force, &limits)?;
    let plaintext_permissive = plaintext(args.plaintext, &in_force)?;
    let mut allow = allowed(&args.allow, &in_force)?;
    if plaintext_permissive {
        // Who asks for it by this name has accepted what it says.
        allow.insert(PLAINTEXT_PERMISSIVE);
    }
    Ok(Job {
        roots: roots(&args.paths, &args.mesh, &in_force)?,
        reading: Reading {
            settings,
            one_mesh: args.mesh.one_mesh || config.one_mesh,
            complete: completeness(&args.mesh, config),
            folders: folders(&in_force)?,
            facts,
            settings_from: in_force.name.clone(),
            limits,
            ..Reading::default()
        },
        mappings,
        options: Options {
            allow,
            strict: args.strict || config.strict,
            plaintext_permissive,
            port_fence: args.port_fence || config.port_fence,
            shadow: args.shadow || config.shadow,
            legacy_bug_compat: args.legacy_bug_compat || config.legacy_bug_compat,
        },
        style: Style { api_version: api_version(args.api_version, &in_force)?, target },
        verify: (!args.no_verify).then(|| proof_budget(&args.mesh.limits)),
        keep_going: args.keep_going,
        purpose,
        findings,
    })
}

/// How `verify` reads its sides, and the inventory.
///
/// # Errors
/// As for [`job`].
pub fn reading(args: &MeshArgs) -> anyhow::Result<(Reading, Vec<Root>)> {
    let limits = limits(&args.limits);
    reading_under(args, &source::in_force(&args.settings, &limits)?, limits)
}

/// Like [`reading`] for a comparison with a revision: its settings count, unless others are named. Findings say that the
/// working tree has other ones.
///
/// # Errors
/// As for [`job`], and when the settings of the revision cannot be read.
pub fn reading_at(args: &MeshArgs, snapshot: &mut Snapshot) -> anyhow::Result<(Reading, Vec<Root>, Vec<Finding>)> {
    let limits = limits(&args.limits);
    let in_force = revision::in_force(&args.settings, snapshot, &limits)?;
    let findings = revision::changes(&args.settings, &in_force, snapshot, &limits)?;
    let (reading, inventory) = reading_under(args, &in_force, limits)?;
    Ok((reading, inventory, findings))
}

fn reading_under(args: &MeshArgs, in_force: &InForce, limits: Limits) -> anyhow::Result<(Reading, Vec<Root>)> {
    let config = &in_force.config;
    let facts = facts::stated(args, in_force)?;
    let mut settings = mesh_settings(args, in_force, &facts)?;
    settings.added_keys = added_keys(args, in_force, &limits)?;
    let reading = Reading {
        settings,
        one_mesh: args.one_mesh || config.one_mesh,
        complete: completeness(args, config),
        folders: folders(in_force)?,
        facts,
        settings_from: in_force.name.clone(),
        limits,
        ..Reading::default()
    };
    Ok((reading, roots(&[], args, in_force)?))
}

/// The mapping files in use, and what is wrong with them. A folder named on the command line wins over that of the settings.
fn mappings(args: &MeshArgs, in_force: &InForce, limits: &Limits) -> anyhow::Result<(Mappings, Vec<Finding>)> {
    let files = match &args.mappings {
        Some(folder) => Some(files::read_mappings(folder, limits)?),
        None => in_force.mapping_files(limits)?,
    };
    Ok(files.map_or_else(|| (Mappings::embedded(), Vec::new()), |files| Mappings::load(&files)))
}

/// The keys that the mapping files in use add to Istio's: what old objects meant depends on them.
fn added_keys(args: &MeshArgs, in_force: &InForce, limits: &Limits) -> anyhow::Result<AddedKeys> {
    let (mappings, findings) = mappings(args, in_force, limits)?;
    if let Some(finding) = findings.first() {
        let place = finding.place.as_ref().map(|place| format!("{}:{}: ", place.file, place.line)).unwrap_or_default();
        bail!("{place}{}", finding.message);
    }
    Ok(mappings.added_keys())
}

/// What the settings say about folders.
fn folders(in_force: &InForce) -> anyhow::Result<Folders> {
    let mut folders = Folders::default();
    let pointer = |setting: &str, key: &str| format!("/{setting}/{}", key.replace('~', "~0").replace('/', "~1"));
    for (pattern, namespace) in &in_force.config.namespaces {
        let globs = in_force.globs(&[pattern], |_| pointer("namespaces", pattern))?;
        folders.namespaces.push((globs, namespace.clone()));
    }
    for (name, patterns) in &in_force.config.meshes {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let globs = in_force.globs(&patterns, |index| format!("{}/{index}", pointer("meshes", name)))?;
        folders.meshes.push((name.clone(), globs));
    }
    Ok(folders)
}

/// What the proof may cost.
pub fn proof_budget(args: &LimitArgs) -> Budget {
    Budget::times(args.proof_budget)
}

/// Writes the JSON report where `--report` asks for it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_report(args: &ConversionArgs, report: &Report) -> anyhow::Result<()> {
    let Some(path) = &args.report else { return Ok(()) };
    let text = report::json::render(report, &report::Style::PLAIN);
    files::write_whole(path, &text).with_context(|| format!("the report {} cannot be written", path.display()))
}

/// What options and settings say about objects that are not in the input.
fn completeness(args: &MeshArgs, config: &Config) -> Completeness {
    let option = args.inventory_complete.clone().unwrap_or_default();
    let setting = if config.inventory_complete { Completeness::Shown } else { Completeness::Open };
    option.and(setting).and(config.inventory.complete.clone())
}

fn mesh_settings(args: &MeshArgs, in_force: &InForce, facts: &Facts) -> anyhow::Result<Settings> {
    let config = &in_force.config;
    let default = Settings::default();
    let source = match (args.from, config.from.as_deref()) {
        (Some(From::V1_4), _) | (None, Some("1.4")) => SourceRelease::V1_4,
        (Some(From::V1_5), _) | (None, Some("1.5") | None) => SourceRelease::V1_5,
        (None, Some(other)) => {
            let message = format!("`from: {other}` is not a release meshlift converts from; it is '1.4' or '1.5'");
            return Err(in_force.wrong("/from", &message));
        }
    };
    let target = match args.to.as_ref().or(config.to.as_ref()) {
        None => Version::NEWEST,
        Some(text) => {
            let version: Version = text.parse().map_err(anyhow::Error::msg)?;
            if version < Version::patch(4, 0) {
                bail!("Istio {version} has no AuthorizationPolicy; the oldest release meshlift can write for is 1.4");
            }
            version
        }
    };
    let pick = |option: &Option<String>, setting: &Option<String>, default: String| {
        option.clone().or_else(|| setting.clone()).unwrap_or(default)
    };
    let mut aliases = args.trust_domain_alias.clone();
    aliases.extend(config.trust_domain_aliases.iter().cloned());
    Ok(Settings {
        source,
        target,
        root_namespace: pick(&args.root_namespace, &config.root_namespace, default.root_namespace.clone()),
        trust_domain: pick(&args.trust_domain, &config.trust_domain, default.trust_domain.clone()),
        trust_domain_aliases: aliases,
        cluster_domain: pick(&args.cluster_domain, &config.cluster_domain, default.cluster_domain.clone()),
        default_namespace: args.namespace.clone().or_else(|| config.namespace.clone()),
        inbound_sniffing: facts.sniffing(),
        ..default
    })
}

fn roots(paths: &[PathBuf], args: &MeshArgs, in_force: &InForce) -> anyhow::Result<Vec<Root>> {
    let mut roots: Vec<Root> = paths.iter().map(Root::input).collect();
    roots.extend(args.inventory.iter().map(Root::inventory));
    let inventory = &in_force.config.inventory;
    for (index, path) in inventory.paths.iter().enumerate() {
        roots.push(Root::inventory(in_force.path(&format!("{}/{index}", inventory.paths_at), path)?));
    }
    Ok(roots)
}

fn allowed(options: &[String], in_force: &InForce) -> anyhow::Result<BTreeSet<Code>> {
    let unknown = |name: &String| format!("`{name}` is not the code of a finding; `meshlift explain` lists them all");
    let mut codes = BTreeSet::new();
    for name in options {
        codes.insert(Code::find(name).with_context(|| unknown(name))?);
    }
    for (index, name) in in_force.config.allow.iter().enumerate() {
        let code = Code::find(name).ok_or_else(|| in_force.wrong(&format!("/allow/{index}"), &unknown(name)))?;
        codes.insert(code);
    }
    Ok(codes)
}

fn plaintext(option: Option<Plaintext>, in_force: &InForce) -> anyhow::Result<bool> {
    match (option, in_force.config.plaintext.as_deref()) {
        (Some(choice), _) => Ok(choice == Plaintext::Permissive),
        (None, None | Some("disable")) => Ok(false),
        (None, Some("permissive")) => Ok(true),
        (None, Some(other)) => {
            let message = format!("`plaintext: {other}` means nothing; it is `disable` or `permissive`");
            Err(in_force.wrong("/plaintext", &message))
        }
    }
}

fn api_version(option: Option<ApiVersionArg>, in_force: &InForce) -> anyhow::Result<Option<ApiVersion>> {
    match (option, in_force.config.api_version.as_deref()) {
        (Some(ApiVersionArg::V1), _) | (None, Some("v1")) => Ok(Some(ApiVersion::V1)),
        (Some(ApiVersionArg::V1Beta1), _) | (None, Some("v1beta1")) => Ok(Some(ApiVersion::V1Beta1)),
        (None, None) => Ok(None),
        (None, Some(other)) => {
            let message = format!("`apiVersion: {other}` means nothing; it is `v1` or `v1beta1`");
            Err(in_force.wrong("/apiVersion", &message))
        }
    }
}
