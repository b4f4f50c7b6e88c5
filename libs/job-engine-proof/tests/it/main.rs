//! Stories in which everything that can fail fails, told with real processes, real signals and real
//! databases. What clients and handlers write down is compared with what the storage says.
//!
//! A story prints its seed; `SEED=… cargo test -p job-engine-proof` makes the same choices again,
//! and `CHAOS_SECONDS=…` makes it longer.

mod cancelling;
mod clients;
mod clock;
mod cluster;
mod crash_point;
mod crash_recovery;
mod crew;
mod crowd;
mod disk;
mod entry;
mod limits;
mod made;
mod place;
mod planted;
mod poison;
mod postgres;
mod proxy;
mod recurring;
mod same_history;
mod settings;
mod sqlite;
mod story;
mod trap;
mod worker;
