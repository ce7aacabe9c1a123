//! Facts about the mesh that a user states (`meaning/knowledge.md` §6): the ClusterRbacConfig or the MeshPolicy that lives in
//! another repository, and whether old proxies sniffed.
//!
//! Stated objects are manifests like those of an inventory, but farther than any: what the input or an inventory holds of
//! the same kind decides instead. They decide, are proved with, are never written, and are no evidence of completeness.

use super::settings::Sniffing;
use super::{Input, Mesh};
use crate::api::legacy::{RbacConfig, RbacTarget};
use crate::finding::catalogue::given::{STATED_FACT, STATED_FACT_OVERRULED};
use crate::finding::{Assumption, Direction, Finding, Place, Severity};
use crate::yaml::{Manifest, Stream};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Where old RBAC was on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RbacFact {
    /// In the whole mesh.
    On,
    /// Nowhere.
    Off,
    /// In these namespaces only.
    Namespaces(BTreeSet<String>),
}

/// What the MeshPolicy demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtlsFact {
    /// Mutual TLS.
    Strict,
    /// Mutual TLS or plaintext.
    Permissive,
    /// Plaintext only: a MeshPolicy without peers.
    Disable,
}

/// Something that the input does not show and that the user knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `rbac=on|off|namespaces:a,b`.
    Rbac(RbacFact),
    /// `mtls=strict|permissive|disable`.
    Mtls(MtlsFact),
    /// `sniffing=on|off`.
    Sniffing(Sniffing),
}

impl Fact {
    /// The word before the `=`.
    pub fn key(&self) -> &'static str {
        match self {
            Fact::Rbac(_) => "rbac",
            Fact::Mtls(_) => "mtls",
            Fact::Sniffing(_) => "sniffing",
        }
    }

    /// A fact from its two words.
    ///
    /// # Errors
    /// A sentence that says which words there are.
    pub fn new(key: &str, value: &str) -> Result<Fact, String> {
        let unknown = |known: &str| format!("`{key}` cannot be `{value}`; it is {known}");
        match (key, value) {
            ("rbac", "on") => Ok(Fact::Rbac(RbacFact::On)),
            ("rbac", "off") => Ok(Fact::Rbac(RbacFact::Off)),
            ("rbac", _) => {
                let list = value.strip_prefix("namespaces:");
                let list = list.ok_or_else(|| unknown("`on`, `off` or `namespaces:a,b`"))?;
                let namespaces: BTreeSet<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
                match namespaces.iter().find(|name| !is_namespace(name)) {
                    Some(wrong) => Err(format!("`{key}={value}`: `{wrong}` is not the name of a namespace")),
                    None => Ok(Fact::Rbac(RbacFact::Namespaces(namespaces))),
                }
            }
            ("mtls", "strict") => Ok(Fact::Mtls(MtlsFact::Strict)),
            ("mtls", "permissive") => Ok(Fact::Mtls(MtlsFact::Permissive)),
            ("mtls", "disable") => Ok(Fact::Mtls(MtlsFact::Disable)),
            ("mtls", _) => Err(unknown("`strict`, `permissive` or `disable`")),
            ("sniffing", "on") => Ok(Fact::Sniffing(Sniffing::On)),
            ("sniffing", "off") => Ok(Fact::Sniffing(Sniffing::Off)),
            ("sniffing", _) => Err(unknown("`on` or `off`")),
            _ => Err(format!("`{key}` is nothing that can be stated; `rbac`, `mtls` and `sniffing` are")),
        }
    }

    /// The object that it stands for, in the old API; none for sniffing, which is a setting.
    fn old_object(&self) -> Option<String> {
        let config = |spec: &str| {
            let header = "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig";
            format!("{header}\nmetadata: {{name: default}}\nspec: {spec}\n")
        };
        let policy = |spec: &str| {
            let header = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy";
            format!("{header}\nmetadata: {{name: default}}\nspec: {spec}\n")
        };
        match self {
            Fact::Rbac(RbacFact::On) => Some(config("{mode: 'ON'}")),
            Fact::Rbac(RbacFact::Off) => Some(config("{mode: 'OFF'}")),
            Fact::Rbac(RbacFact::Namespaces(names)) => {
                let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
                let list = names.join(", ");
                Some(config(&format!("{{mode: ON_WITH_INCLUSION, inclusion: {{namespaces: [{list}]}}}}")))
            }
            Fact::Mtls(MtlsFact::Strict) => Some(policy("{peers: [{mtls: {mode: STRICT}}]}")),
            Fact::Mtls(MtlsFact::Permissive) => Some(policy("{peers: [{mtls: {mode: PERMISSIVE}}]}")),
            Fact::Mtls(MtlsFact::Disable) => Some(policy("{}")),
            Fact::Sniffing(_) => None,
        }
    }

    /// What it says, as a sentence without its full stop.
    fn sentence(&self) -> String {
        match self {
            Fact::Rbac(RbacFact::On) => "RBAC is on in the whole mesh".to_owned(),
            Fact::Rbac(RbacFact::Off) => "RBAC is off in the whole mesh".to_owned(),
            Fact::Rbac(RbacFact::Namespaces(names)) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let s = if names.len() == 1 { "" } else { "s" };
                format!("RBAC is on in the namespace{s} {} only", names.join(", "))
            }
            Fact::Mtls(MtlsFact::Strict) => "The MeshPolicy demands mutual TLS".to_owned(),
            Fact::Mtls(MtlsFact::Permissive) => "The MeshPolicy takes mutual TLS and plaintext".to_owned(),
            Fact::Mtls(MtlsFact::Disable) => "The MeshPolicy takes plaintext only".to_owned(),
            Fact::Sniffing(Sniffing::On) => "The old proxies sniffed the protocol of inbound connections".to_owned(),
            Fact::Sniffing(_) => "The old proxies did not sniff the protocol of inbound connections".to_owned(),
        }
    }

    /// The worst that its being false does to access.
    fn if_false(&self) -> Direction {
        match self {
            // Grants and demands in force where there were none turn callers away, and let nobody in.
            Fact::Rbac(RbacFact::On) | Fact::Mtls(MtlsFact::Strict) => Direction::Narrower,
            // Roles become nothing; weaker modes are repeated; HTTP rules count, or tokens are left out, by protocol.
            Fact::Rbac(_) | Fact::Mtls(_) | Fact::Sniffing(_) => Direction::Wider,
        }
    }

    /// The command that shows whether it is true.
    fn check(&self) -> &'static str {
        match self {
            Fact::Rbac(_) => "kubectl get clusterrbacconfig default -o yaml",
            Fact::Mtls(_) => "kubectl get meshpolicy default -o yaml",
            Fact::Sniffing(_) => {
                "kubectl get deployments -n istio-system -o yaml | grep -A1 PILOT_ENABLE_PROTOCOL_SNIFFING_FOR_INBOUND"
            }
        }
    }
}

impl FromStr for Fact {
    type Err = String;

    /// `KEY=VALUE`.
    fn from_str(text: &str) -> Result<Fact, String> {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` states nothing; say KEY=VALUE, like `rbac=on`, `mtls=strict` or `sniffing=off`")
        })?;
        Fact::new(key.trim(), value.trim())
    }
}

impl fmt::Display for Fact {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self {
            Fact::Rbac(RbacFact::On) | Fact::Sniffing(Sniffing::On) => "on",
            Fact::Rbac(RbacFact::Off) | Fact::Sniffing(_) => "off",
            Fact::Mtls(MtlsFact::Strict) => "strict",
            Fact::Mtls(MtlsFact::Permissive) => "permissive",
            Fact::Mtls(MtlsFact::Disable) => "disable",
            Fact::Rbac(RbacFact::Namespaces(names)) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                return write!(f, "rbac=namespaces:{}", names.join(","));
            }
        };
        write!(f, "{}={value}", self.key())
    }
}

/// True for what Kubernetes takes as the name of a namespace (RFC 1123 label).
fn is_namespace(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// A fact and who states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// What is stated.
    pub fact: Fact,
    /// As reports name it: `--assume rbac=on`, `meshlift.yaml mesh.rbac`.
    pub by: String,
}

impl Stated {
    /// The file name that its object has in reports.
    fn file(&self) -> String {
        format!("<{}>", self.by)
    }

    fn assumption(&self) -> Assumption {
        Assumption {
            code: STATED_FACT,
            object: None,
            message: format!("{} ({}).", self.fact.sentence(), self.by),
            if_false: self.fact.if_false(),
            check: self.fact.check().to_owned(),
        }
    }
}

/// Everything that is stated: of each key at most one fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<Stated>);

impl Facts {
    /// Adds a fact. One that is stated already stays as it is.
    ///
    /// # Errors
    /// When the opposite is stated already, with both.
    pub fn state(&mut self, stated: Stated) -> Result<(), String> {
        match self.0.iter().find(|known| known.fact.key() == stated.fact.key()) {
            Some(known) if known.fact == stated.fact => Ok(()),
            Some(known) => Err(format!("`{}` and `{}` contradict each other", known.by, stated.by)),
            None => {
                self.0.push(stated);
                Ok(())
            }
        }
    }

    /// Adds those of `others` about which nothing is stated yet.
    pub fn or(&mut self, others: Facts) {
        for other in others.0 {
            if !self.0.iter().any(|known| known.fact.key() == other.fact.key()) {
                self.0.push(other);
            }
        }
    }

    /// What is stated about sniffing.
    pub fn sniffing(&self) -> Sniffing {
        let sniffing = |stated: &Stated| match stated.fact {
            Fact::Sniffing(sniffing) => Some(sniffing),
            Fact::Rbac(_) | Fact::Mtls(_) => None,
        };
        self.0.iter().find_map(sniffing).unwrap_or_default()
    }

    /// The old objects that are stated, to be read after every other one.
    pub fn inputs(&self) -> Vec<Input> {
        let parse = |stated: &Stated| {
            let text = stated.fact.old_object()?;
            Stream::parse(&stated.file(), text.into()).manifests().into_iter().next()
        };
        self.0.iter().filter_map(parse).map(|manifest| Input { manifest, inventory: true }).collect()
    }

    /// True for an object that is stated.
    pub fn hold(&self, manifest: &Manifest) -> bool {
        self.name_file(manifest.file())
    }

    /// True for a place in an object that is stated.
    pub fn hold_place(&self, place: &Place) -> bool {
        self.name_file(&place.file)
    }

    fn name_file(&self, file: &str) -> bool {
        self.0.iter().any(|stated| stated.file() == file)
    }

    /// The facts that the place of one of their objects belongs to.
    pub fn at<'f>(&'f self, places: &[&Place]) -> impl Iterator<Item = &'f Fact> {
        let files: BTreeSet<String> = places.iter().map(|place| place.file.to_string()).collect();
        self.0.iter().filter(move |stated| files.contains(&stated.file())).map(|stated| &stated.fact)
    }

    /// What these meshes take for granted, and what decides nothing because ALL of them have an object of their own.
    pub(super) fn given<'m>(&self, meshes: impl Iterator<Item = &'m Mesh> + Clone) -> (Vec<Assumption>, Vec<Finding>) {
        let (mut given, mut overruled) = (Vec::new(), Vec::new());
        for stated in &self.0 {
            let file = stated.file();
            let decides = |mesh: &Mesh| {
                let configs = mesh.configs.iter().map(|config| &config.meta);
                configs.chain(mesh.authentication.iter().map(|policy| &policy.meta)).any(|m| *m.place.file == *file)
            };
            let is_setting = matches!(stated.fact, Fact::Sniffing(_));
            if is_setting || meshes.clone().next().is_none() || meshes.clone().any(decides) {
                given.push(stated.assumption());
            } else {
                let own = match stated.fact {
                    Fact::Rbac(_) => "ClusterRbacConfig or RbacConfig",
                    Fact::Mtls(_) | Fact::Sniffing(_) => "MeshPolicy",
                };
                let message = format!("`{}` decides nothing, because the input has a {own} of its own.", stated.by);
                overruled.push(Finding::new(STATED_FACT_OVERRULED, message));
            }
        }
        (given, overruled)
    }
}

/// A stated config gives way to ANY config of the mesh itself, of either kind and also to one that could not be read.
///
/// Where it says something else than the RbacConfigs that are there, these are refused: a ClusterRbacConfig overrules them,
/// and the user says that there is one.
pub(super) fn give_way(mesh: &mut Mesh, facts: &Facts) -> Vec<Finding> {
    let Some(stated) = mesh.configs.iter().position(|config| facts.hold_place(&config.meta.place)) else {
        return Vec::new();
    };
    let stated = mesh.configs.swap_remove(stated);
    let in_doubt = |kind: &str| mesh.in_doubt(kind).any(|object| object.name == "default");
    if mesh.configs.is_empty() && !in_doubt("ClusterRbacConfig") && !in_doubt("RbacConfig") {
        mesh.configs.push(stated);
        return Vec::new();
    }
    let is_cluster = |config: &RbacConfig| config.meta.kind == "ClusterRbacConfig";
    // Their places differ in any case.
    let names = |list: &[(String, Place)]| list.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<String>>();
    let target = |target: &Option<RbacTarget>| target.as_ref().map(|t| (names(&t.services), names(&t.namespaces)));
    let scope =
        |config: &RbacConfig| (config.mode, config.enforcement, target(&config.inclusion), target(&config.exclusion));
    if mesh.configs.iter().any(is_cluster) || mesh.configs.iter().all(|config| scope(config) == scope(&stated)) {
        return Vec::new();
    }
    let configs = std::mem::take(&mut mesh.configs);
    mesh.rejected.extend(configs.iter().filter_map(|config| Some((config.meta.manifest?, config.meta.object()))));
    let contradiction = |config: &RbacConfig| {
        let by = stated.meta.place.file.trim_start_matches('<').trim_end_matches('>');
        let message = format!(
            "{} says something else than `{by}`; a ClusterRbacConfig would overrule it, and which of them is in force cannot be told.",
            config.meta.object()
        );
        Finding::new(STATED_FACT_OVERRULED, message)
            .severity(Severity::Error)
            .at(config.meta.place.clone())
            .on(config.meta.object())
    };
    configs.iter().map(contradiction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_they_are_written() {
        for text in ["rbac=on", "rbac=off", "rbac=namespaces:a,b", "mtls=strict", "mtls=disable", "sniffing=off"] {
            assert_eq!(text.parse::<Fact>().expect("a fact").to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_stated_is_said_with_what_can() {
        for (text, says) in [
            ("rbac", "KEY=VALUE"),
            ("rbac=yes", "`on`, `off` or `namespaces:a,b`"),
            ("rbac=namespaces:", "`` is not the name of a namespace"),
            ("rbac=namespaces:a,B}", "`B}` is not the name"),
            ("mtls=on", "`strict`, `permissive` or `disable`"),
            ("sniffing=maybe", "`on` or `off`"),
            ("tls=on", "`rbac`, `mtls` and `sniffing` are"),
        ] {
            let error = text.parse::<Fact>().expect_err(text);
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_contradiction_names_both_sides() {
        let stated = |text: &str| Stated { fact: text.parse().expect("a fact"), by: format!("--assume {text}") };
        let mut facts = Facts::default();
        assert_eq!(facts.state(stated("rbac=on")), Ok(()));
        assert_eq!(facts.state(stated("rbac=on")), Ok(()));
        let error = facts.state(stated("rbac=off")).expect_err("a contradiction");
        assert_eq!(error, "`--assume rbac=on` and `--assume rbac=off` contradict each other");
    }

    #[test]
    fn every_stated_object_is_one_that_istio_accepts() {
        for text in ["rbac=on", "rbac=off", "rbac=namespaces:a,b", "mtls=strict", "mtls=permissive", "mtls=disable"] {
            let mut facts = Facts::default();
            facts.state(Stated { fact: text.parse().expect("a fact"), by: text.to_owned() }).expect("the only one");
            let options = super::super::BuildOptions { facts: facts.clone(), ..Default::default() };
            let world = super::super::build(facts.inputs(), &options);
            assert_eq!(world.findings, [], "{text}");
            assert_eq!(world.given.len(), 1, "{text}");
            let meshes: Vec<&Mesh> = world.environments.iter().map(|environment| &environment.mesh).collect();
            let found: usize = meshes.iter().map(|mesh| mesh.configs.len() + mesh.authentication.len()).sum();
            assert_eq!(found, meshes.len(), "{text}");
            assert!(world.legacy.is_empty(), "{text}: it is never written");
        }
    }
}
