//! The `meshlift` command.
fn main() {}
