//! The stories of the engine, told with jobs in memory.

mod faulty;
mod giving_up;
mod leaving;
mod memory;
mod outage;
mod recovering;
mod recurring;
mod retry_policies;
mod retrying;
mod running;
mod saying;
mod stage;
mod stopping;
mod timeouts;
mod upgrading;
mod world;
