//! The stories of the engine, told with jobs in memory.

mod memory;
mod running;
mod stage;
