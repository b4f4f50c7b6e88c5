//! The stories of the engine, told with jobs in memory.

mod faulty;
mod filtering;
mod giving_up;
mod leaving;
mod memory;
mod metering;
mod outage;
mod recovering;
mod recurring;
mod retention;
mod retry_policies;
mod retrying;
mod running;
mod saying;
mod stage;
mod standing_by;
mod stopping;
mod testing;
mod timeouts;
mod upgrading;
mod world;
