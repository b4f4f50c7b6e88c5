//! What is done in the background.

mod forget_expired;
mod provision_tenant;
mod send_email;

mod provisioning_failed;

use job_engine::Registry;
use job_engine::recurring::RecurringJob;

use crate::App;

pub use forget_expired::ForgetExpired;
pub use provision_tenant::ProvisionTenant;
pub use send_email::{Letter, SendEmail};

/// Every kind of job there is.
pub fn registry() -> Registry<App> {
    Registry::default()
        .with::<ProvisionTenant>()
        .with::<SendEmail>()
        .with::<ForgetExpired>()
}

/// What is done again and again.
pub fn recurring() -> Vec<RecurringJob> {
    vec![ForgetExpired::every_night()]
}
