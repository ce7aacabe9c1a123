//! What the mapping files make of every old object: found out once, before any environment is converted.

use crate::api::ManifestId;
use crate::finding::Finding;
use crate::mapping::{Applied, Mappings};
use crate::mesh::Input;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The mapping files applied to every manifest of a kind that one of them is for.
#[derive(Debug, Default)]
pub struct Mapped {
    by_manifest: BTreeMap<ManifestId, Applied>,
}

impl Mapped {
    /// Applies the mapping files to `ids`.
    pub fn new(mappings: &Mappings, manifests: &[Input], ids: &[ManifestId], strict: bool) -> Mapped {
        let apply = |id: &ManifestId| Some((*id, mappings.apply(&manifests.get(id.0)?.manifest, strict)));
        // Sorting by manifest makes the result independent of which thread was first.
        let by_manifest: Vec<(ManifestId, Applied)> = ids.par_iter().filter_map(apply).collect();
        Mapped { by_manifest: by_manifest.into_iter().collect() }
    }

    /// What became of a manifest.
    pub fn of(&self, id: ManifestId) -> Option<&Applied> {
        self.by_manifest.get(&id)
    }

    /// What the mapping files say about the objects of the input, converted or not: a field that nobody accounts for
    /// is reported even where its object was refused for another reason or had no effect; an object that a mapping file refuses
    /// stays as it is, whatever it was for. What `decoding` has refused
    /// already is not refused once more for the same line.
    pub fn coverage(&self, manifests: &[Input], decoding: &[Finding]) -> Vec<(ManifestId, Finding)> {
        let line = |finding: &Finding| finding.place.as_ref().map(|place| (place.file.clone(), place.line));
        let refused: BTreeSet<_> = decoding.iter().filter(|finding| finding.refuses()).map(line).collect();
        let told = |finding: &&Finding| !finding.refuses() || !refused.contains(&line(finding));
        let input = |id: &ManifestId| manifests.get(id.0).filter(|input| !input.inventory);
        let of_input = self.by_manifest.iter().filter_map(|(id, applied)| Some((*id, input(id)?, applied)));
        let findings = of_input.flat_map(|(id, input, applied)| {
            applied.findings.iter().filter(told).map(move |finding| (id, finding.clone().on(input.object())))
        });
        findings.collect()
    }
}
