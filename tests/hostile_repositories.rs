//! Repositories made by an enemy, built here: what a branch can do to whoever judges it, and what happens instead.
//!
//! `MESHLIFT_UNDER_TEST=PATH cargo test --test hostile_repositories` puts another binary to the test.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "strangers/files.rs"]
mod files;
#[path = "strangers/git.rs"]
mod git;
#[path = "strangers/ground.rs"]
mod ground;
#[path = "strangers/settings.rs"]
mod settings;
