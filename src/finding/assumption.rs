//! What a result takes for granted (`meaning/knowledge.md` §1): a sentence that somebody can check.

use super::{Code, Direction, ObjectRef, namespace};

/// Something that is not in the input and that the result rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Which one; `meshlift explain CODE` tells more.
    pub code: Code,
    /// The object or workload that rests on it; `None` when everything does.
    pub object: Option<ObjectRef>,
    /// What is taken for granted, and what happens if it is false.
    pub message: String,
    /// What it does to access if it is false.
    pub if_false: Direction,
    /// The command that checks it.
    pub check: String,
}

impl Assumption {
    /// An assumption with the consequence that the catalogue gives its code.
    pub fn new(code: Code, message: impl Into<String>, check: impl Into<String>) -> Assumption {
        Assumption {
            code,
            object: None,
            message: namespace::readable(message.into()),
            if_false: code.entry().direction,
            check: namespace::readable(check.into()),
        }
    }

    /// Sets what rests on it.
    #[must_use]
    pub fn on(mut self, object: ObjectRef) -> Assumption {
        self.object = Some(object);
        self
    }

    /// The order in which assumptions are told.
    pub(crate) fn key(&self) -> (&'static str, Option<&ObjectRef>, &str) {
        (self.code.name(), self.object.as_ref(), &self.message)
    }
}
