//! What cannot be: an invariant of the proof that does not hold.
//!
//! Nothing in the input can bring it about. If it happens all the same, meshlift is wrong about itself, and a proof by it
//! is none: the verdict is `undecided`, with the finding `internal-error`.

use super::budget::Overdrawn;

/// An invariant that does not hold, in words that end "the proof has …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible(pub &'static str);

/// Why the solver's work stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The budget ran out.
    Overdrawn,
    /// Something is impossible.
    Impossible(Impossible),
}

impl From<Overdrawn> for Stop {
    fn from(Overdrawn: Overdrawn) -> Stop {
        Stop::Overdrawn
    }
}

impl From<Impossible> for Stop {
    fn from(impossible: Impossible) -> Stop {
        Stop::Impossible(impossible)
    }
}
