//! What a proof may cost, counted in steps that are the same on every machine and for any number of threads.
//!
//! A step is about what it takes to look at one literal of a clause: some ten nanoseconds. Steps are counted where rules
//! are compiled (`formula`), where values are cut into classes (`partition`), and where the solver works (`solve`).
//! Beyond the budget the answer is `undecided`, never `equal`.

/// How many steps a proof may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For one question: a workload, port and kind of traffic.
    pub question: u64,
    /// For all questions of a run together, however small the input is.
    pub run: u64,
    /// For all questions together, so many per distinct condition of the input; the larger of the two counts.
    pub per_condition: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { question: 100_000_000, run: 300_000_000, per_condition: 3_000 }
    }
}

impl Budget {
    /// So many times the usual budget.
    #[must_use]
    pub fn times(factor: u32) -> Budget {
        let usual = Budget::default();
        let more = |steps: u64| steps.saturating_mul(u64::from(factor));
        Budget { question: more(usual.question), run: more(usual.run), per_condition: more(usual.per_condition) }
    }

    /// What all questions together may cost when the input has so many distinct conditions.
    pub fn of_run(&self, conditions: usize) -> u64 {
        let scaled = self.per_condition.saturating_mul(u64::try_from(conditions).unwrap_or(u64::MAX));
        self.run.max(scaled)
    }
}

/// Steps taken, against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    spent: u64,
    limit: u64,
}

/// The limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdrawn;

impl Meter {
    /// Nothing spent yet.
    pub fn new(limit: u64) -> Meter {
        Meter { spent: 0, limit }
    }

    /// Takes so many steps.
    ///
    /// # Errors
    /// When the limit is passed.
    pub fn spend(&mut self, steps: u64) -> Result<(), Overdrawn> {
        self.spent = self.spent.saturating_add(steps);
        if self.spent > self.limit { Err(Overdrawn) } else { Ok(()) }
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent)
    }

    /// Steps taken.
    pub fn spent(&self) -> u64 {
        self.spent
    }
}

/// A length as steps.
pub fn steps(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
