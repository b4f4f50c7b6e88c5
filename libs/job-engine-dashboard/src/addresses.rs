//! Where something has its page, below the place where the dashboard is mounted.

use std::fmt::Display;

use job_engine::BatchId;

use crate::filters::encode;

pub(crate) fn job(id: impl Display) -> String {
    format!("/jobs/details/{id}")
}

pub(crate) fn batch(id: BatchId) -> String {
    format!("/batches/{id}")
}

pub(crate) fn operation(id: impl Display) -> String {
    format!("/operations/{id}")
}

pub(crate) fn queue(name: &str) -> String {
    format!("/queues/{}", encode(name))
}

pub(crate) fn recurring_job(id: &str) -> String {
    format!("/recurring/{}", encode(id))
}
