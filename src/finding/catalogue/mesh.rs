//! Codes of the area `mesh`.

use super::codes;

codes! {}
