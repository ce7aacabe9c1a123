//! Options and `meshlift.yaml` put together into what a run needs. Command line options win; lists are joined.

use super::args::{ApiVersionArg, ConversionArgs, From, MeshArgs, Plaintext};
use super::config::Config;
use crate::convert::Options;
use crate::convert::placement::{ApiVersion, Style};
use crate::files::{self, Root};
use crate::finding::Code;
use crate::finding::catalogue::mtls::PLAINTEXT_PERMISSIVE;
use crate::mapping::Mappings;
use crate::mesh::{Settings, SourceRelease, Version};
use crate::report::{self, Purpose, Report};
use crate::run::{Job, Reading};
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The name of the settings file.
const CONFIG_FILE: &str = "meshlift.yaml";

/// The job of `diff`, `convert` and `check`.
///
/// # Errors
/// When an option or setting has a value that means nothing.
pub fn job(args: &ConversionArgs, purpose: Purpose) -> anyhow::Result<Job> {
    let (config, base) = config(args.mesh.config.as_deref())?;
    let settings = mesh_settings(&args.mesh, &config)?;
    let (source, target) = (settings.source, settings.target);
    let (mappings, findings) = match args.mappings.clone().or(config.mappings.as_ref().map(|path| base.join(path))) {
        Some(folder) => Mappings::load(&files::read_mappings(&folder)?),
        None => (Mappings::embedded(), Vec::new()),
    };
    let plaintext_permissive = plaintext(args.plaintext, config.plaintext.as_deref())?;
    let mut allow = allowed(&args.allow, &config.allow)?;
    if plaintext_permissive {
        // Who asks for it by this name has accepted what it says.
        allow.insert(PLAINTEXT_PERMISSIVE);
    }
    Ok(Job {
        roots: roots(&args.paths, &args.mesh, &config, &base),
        reading: Reading {
            settings,
            one_mesh: args.mesh.one_mesh || config.one_mesh,
            complete: args.mesh.inventory_complete || config.inventory_complete,
        },
        mappings: mappings.for_source(source.minor()),
        options: Options {
            allow,
            strict: args.strict || config.strict,
            plaintext_permissive,
            port_fence: args.port_fence || config.port_fence,
            shadow: args.shadow || config.shadow,
            legacy_bug_compat: args.legacy_bug_compat || config.legacy_bug_compat,
        },
        style: Style { api_version: api_version(args.api_version, config.api_version.as_deref())?, target },
        verify: !args.no_verify,
        keep_going: args.keep_going,
        purpose,
        findings,
    })
}

/// How `verify` reads its sides.
///
/// # Errors
/// As for [`job`].
pub fn reading(args: &MeshArgs) -> anyhow::Result<(Reading, Vec<Root>)> {
    let (config, base) = config(args.config.as_deref())?;
    let reading = Reading {
        settings: mesh_settings(args, &config)?,
        one_mesh: args.one_mesh || config.one_mesh,
        complete: args.inventory_complete || config.inventory_complete,
    };
    Ok((reading, roots(&[], args, &config, &base)))
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

/// The settings file and the folder its paths are relative to.
fn config(named: Option<&Path>) -> anyhow::Result<(Config, PathBuf)> {
    let path = match named {
        Some(path) => path.to_path_buf(),
        None => match files::find_upwards(CONFIG_FILE, Path::new(".")) {
            Some(path) => path,
            None => return Ok((Config::default(), PathBuf::new())),
        },
    };
    let text =
        files::read_text(&path).with_context(|| format!("the settings file {} cannot be read", path.display()))?;
    let config = Config::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok((config, base))
}

fn mesh_settings(args: &MeshArgs, config: &Config) -> anyhow::Result<Settings> {
    let default = Settings::default();
    let source = match (args.from, config.from.as_deref()) {
        (Some(From::V1_4), _) | (None, Some("1.4")) => SourceRelease::V1_4,
        (Some(From::V1_5), _) | (None, Some("1.5") | None) => SourceRelease::V1_5,
        (None, Some(other)) => bail!("`from: {other}` is not a release meshlift converts from; it is '1.4' or '1.5'"),
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
        default_namespace: pick(&args.namespace, &config.namespace, default.default_namespace.clone()),
        inbound_sniffing: args.inbound_sniffing || config.inbound_sniffing,
    })
}

fn roots(paths: &[PathBuf], args: &MeshArgs, config: &Config, base: &Path) -> Vec<Root> {
    let inputs = paths.iter().map(Root::input);
    let named = args.inventory.iter().map(Root::inventory);
    let set = config.inventory.iter().map(|path| Root::inventory(base.join(path)));
    inputs.chain(named).chain(set).collect()
}

fn allowed(options: &[String], settings: &[String]) -> anyhow::Result<BTreeSet<Code>> {
    options
        .iter()
        .chain(settings)
        .map(|name| {
            Code::find(name)
                .with_context(|| format!("`{name}` is not the code of a finding; `meshlift explain` lists them all"))
        })
        .collect()
}

fn plaintext(option: Option<Plaintext>, setting: Option<&str>) -> anyhow::Result<bool> {
    Ok(match (option, setting) {
        (Some(choice), _) => choice == Plaintext::Permissive,
        (None, None | Some("disable")) => false,
        (None, Some("permissive")) => true,
        (None, Some(other)) => bail!("`plaintext: {other}` means nothing; it is `disable` or `permissive`"),
    })
}

fn api_version(option: Option<ApiVersionArg>, setting: Option<&str>) -> anyhow::Result<Option<ApiVersion>> {
    Ok(match (option, setting) {
        (Some(ApiVersionArg::V1), _) | (None, Some("v1")) => Some(ApiVersion::V1),
        (Some(ApiVersionArg::V1Beta1), _) | (None, Some("v1beta1")) => Some(ApiVersion::V1Beta1),
        (None, None) => None,
        (None, Some(other)) => bail!("`apiVersion: {other}` means nothing; it is `v1` or `v1beta1`"),
    })
}
