//! What is asked and what comes out: which ports of which pods (`inventory`, `unseen`, `waypoints`), whether both sides
//! allow the same (`compare`, `prove`), and a request that shows it when they do not (`explain`, `blame`).

pub mod blame;
pub mod compare;
pub mod explain;
pub mod inventory;
pub mod prove;
pub mod unseen;
pub mod waypoints;
