#![doc = include_str!("../README.md")]

/// What clients and handlers wrote down.
pub mod ledger;

/// What the storage says in the end.
pub mod found;

/// Whether the two agree.
pub mod checker;

/// What may be wrong.
pub mod violation;

mod occurrences;
mod overlaps;
mod rates;

pub use checker::check;
pub use found::{Found, FoundJob, Occurrence};
pub use ledger::{Answer, CutOff, Intent, Ledger, Run};
pub use violation::Violation;
