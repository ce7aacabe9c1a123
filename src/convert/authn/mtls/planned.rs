//! A PeerAuthentication before it has a name.

use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::existing::Setting;
use crate::convert::authn::naming::{Selected, Sketch};
use crate::convert::authn::selectors::selector_entry;
use crate::convert::{NewKind, plain};
use crate::yaml::{Notes, Tree};
use std::collections::BTreeMap;

/// A PeerAuthentication to be.
#[derive(Clone, Debug)]
pub(super) struct Planned<'a> {
    /// Its namespace.
    pub(super) namespace: String,
    /// Empty for a whole namespace or mesh.
    pub(super) selector: Labels,
    /// The comments of the targets that it comes from.
    pub(super) selector_notes: Notes,
    /// `mtls.mode`, if it has one.
    pub(super) mode: Option<MtlsMode>,
    /// The comments of the peer that decides it.
    pub(super) mode_notes: Notes,
    /// By **container** port, with the comments of the target ports that meant it.
    pub(super) ports: BTreeMap<u16, (MtlsMode, Notes)>,
    /// The policies it comes from; the first is its home.
    pub(super) from: Vec<&'a AuthenticationPolicy>,
    /// What it is named after; `None` for a whole namespace or mesh.
    pub(super) part: Option<Selected>,
}

impl<'a> Planned<'a> {
    /// One for everything in a namespace; in the root namespace for the mesh.
    pub(super) fn whole(namespace: &str, home: &'a AuthenticationPolicy, mode: MtlsMode, notes: Notes) -> Planned<'a> {
        Planned {
            namespace: namespace.to_owned(),
            selector: Labels::new(),
            selector_notes: Notes::default(),
            mode: Some(mode),
            mode_notes: notes,
            ports: BTreeMap::new(),
            from: vec![home],
            part: None,
        }
    }

    /// What it decides.
    pub(super) fn setting(&self) -> Setting {
        Setting {
            namespace: self.namespace.clone(),
            selector: self.selector.clone(),
            mode: self.mode,
            ports: self.ports.iter().map(|(number, (mode, _))| (*number, Some(*mode))).collect(),
            place: None,
        }
    }

    /// The object, but for its name.
    pub(super) fn sketch(self) -> Sketch<'a> {
        let mut spec = Vec::new();
        if !self.selector.is_empty() {
            let (_, key, selector) = selector_entry(&self.selector);
            spec.push((self.selector_notes, key, selector));
        }
        if let Some(mode) = self.mode {
            let mode = (self.mode_notes, "mode".to_owned(), Tree::from(serde_json::Value::from(mode.word())));
            spec.push(plain("mtls", Tree::Map(vec![mode])));
        }
        if !self.ports.is_empty() {
            let entry = |(number, (mode, notes)): (u16, (MtlsMode, Notes))| {
                (notes, number.to_string(), Tree::Map(vec![plain("mode", serde_json::Value::from(mode.word()))]))
            };
            let ports = self.ports.into_iter().map(entry).collect();
            spec.push(plain("portLevelMtls", Tree::Map(ports)));
        }
        Sketch {
            kind: NewKind::Peer,
            namespace: self.namespace,
            from: self.from,
            part: self.part,
            comment: Vec::new(),
            spec: Tree::Map(spec),
        }
    }
}
