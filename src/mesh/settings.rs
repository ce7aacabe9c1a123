//! Settings of the mesh and of the run that change what objects mean.

use crate::api::legacy::AddedKeys;
use std::fmt;
use std::str::FromStr;

/// Mesh-wide settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The Istio release the old objects ran on (`--from`).
    pub source: SourceRelease,
    /// The Istio release that will run the result (`--to`).
    pub target: Version,
    /// `MeshConfig.rootNamespace`.
    pub root_namespace: String,
    /// `MeshConfig.trustDomain`.
    pub trust_domain: String,
    /// `MeshConfig.trustDomainAliases`.
    pub trust_domain_aliases: Vec<String>,
    /// DNS suffix of the cluster.
    pub cluster_domain: String,
    /// `--namespace`: that of documents that name none and whose files and folders say none. `None`: nobody knows it.
    pub default_namespace: Option<String>,
    /// `PILOT_ENABLE_PROTOCOL_SNIFFING_FOR_INBOUND` of the old mesh: ports without a protocol prefix had both kinds of
    /// filter chain. Shipped charts and profiles of 1.4 and 1.5 switch it off (`meaning/rbac.md` §1.6).
    pub inbound_sniffing: Sniffing,
    /// Keys of constraints and properties that the old mesh knew beyond Istio's own; mapping files state them.
    pub added_keys: AddedKeys,
}

/// Whether the old mesh sniffed inbound traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sniffing {
    /// Nobody said; taken for off, as in shipped charts, where nothing is lost by it.
    #[default]
    Unknown,
    /// It did.
    On,
    /// It did not.
    Off,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            source: SourceRelease::V1_5,
            target: Version::NEWEST,
            root_namespace: "istio-system".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            default_namespace: None,
            inbound_sniffing: Sniffing::Unknown,
            added_keys: AddedKeys::default(),
        }
    }
}

/// The release the old objects ran on: the legacy profiles L14 and L15 of `meaning/rbac.md` §0.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceRelease {
    /// 1.4.x (read as 1.4.9).
    V1_4,
    /// 1.5.x (read as 1.5.10).
    V1_5,
}

/// An Istio release. A missing patch number means the newest patch of that minor release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Always 1 so far.
    pub major: u16,
    /// For example 22 in 1.22.
    pub minor: u16,
    /// `u16::MAX` when not given.
    pub patch: u16,
}

impl Version {
    /// The newest release meshlift knows.
    pub const NEWEST: Version = Version::minor(30);

    /// The newest patch of `1.minor`.
    pub const fn minor(minor: u16) -> Version {
        Version { major: 1, minor, patch: u16::MAX }
    }

    /// `1.minor.patch`.
    pub const fn patch(minor: u16, patch: u16) -> Version {
        Version { major: 1, minor, patch }
    }

    /// True when this is `1.minor.0` or later.
    pub fn at_least(self, minor: u16) -> bool {
        self >= Version::patch(minor, 0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch != u16::MAX {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        let wrong = || format!("`{text}` is not an Istio release; write it like 1.22 or 1.22.3");
        let mut parts = text.split('.').map(str::parse::<u16>);
        let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return Err(wrong()) };
        let patch = match parts.next() {
            None => u16::MAX,
            Some(Ok(patch)) => patch,
            Some(Err(_)) => return Err(wrong()),
        };
        if parts.next().is_some() || major != 1 {
            return Err(wrong());
        }
        Ok(Version { major, minor, patch })
    }
}

impl SourceRelease {
    /// The minor release: 4 for 1.4.
    pub fn minor(self) -> u16 {
        match self {
            SourceRelease::V1_4 => 4,
            SourceRelease::V1_5 => 5,
        }
    }
}
