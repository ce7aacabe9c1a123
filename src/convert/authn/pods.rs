//! Which workloads a selector selects, without looking at all of them.

use super::subjects::Subject;
use crate::api::Labels;
use crate::mesh::selects;
use std::collections::BTreeMap;

/// The workloads by namespace and by label.
#[derive(Debug, Default)]
pub(super) struct PodIndex {
    by_namespace: BTreeMap<String, Vec<usize>>,
    by_label: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

impl PodIndex {
    /// Indexes a list of workloads by their positions in it.
    pub(super) fn new(subjects: &[Subject<'_>]) -> PodIndex {
        let mut index = PodIndex::default();
        for (position, subject) in subjects.iter().enumerate() {
            index.by_namespace.entry(subject.namespace().to_owned()).or_default().push(position);
            for (key, value) in subject.labels() {
                let values = index.by_label.entry(key.clone()).or_default();
                values.entry(value.clone()).or_default().push(position);
            }
        }
        index
    }

    /// The namespaces that hold a workload, sorted.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.by_namespace.keys().map(String::as_str)
    }

    /// The workloads of a namespace.
    pub(super) fn in_namespace(&self, namespace: &str) -> &[usize] {
        self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// The workloads that a selector selects, in any namespace. An empty selector selects all of them.
    pub(super) fn selected(&self, subjects: &[Subject<'_>], selector: &Labels) -> Vec<usize> {
        let carriers = |(key, value): (&String, &String)| {
            self.by_label.get(key).and_then(|values| values.get(value)).map(Vec::as_slice).unwrap_or_default()
        };
        match selector.iter().map(carriers).min_by_key(|positions| positions.len()) {
            None => (0..subjects.len()).collect(),
            Some(fewest) => {
                let chosen = |position: &usize| subjects.get(*position).is_some_and(|s| selects(selector, s.labels()));
                fewest.iter().copied().filter(chosen).collect()
            }
        }
    }
}
