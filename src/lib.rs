//! meshlift: migrates the security manifests of old Istio and proves that the same callers keep the same access.
//!
//! `ARCHITECTURE.md` is the map. Imports point downwards only; a test enforces it.

pub mod access;
pub mod api;
pub mod cli;
pub mod convert;
pub mod files;
pub mod finding;
pub mod mapping;
pub mod mesh;
pub mod report;
pub mod run;
pub mod yaml;
