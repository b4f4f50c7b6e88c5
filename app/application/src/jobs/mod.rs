//! What is done in the background.

mod provision_tenant;
mod send_email;

mod provisioning_failed;

use job_engine::Registry;

use crate::App;

pub use provision_tenant::ProvisionTenant;
pub use send_email::{Letter, SendEmail};

/// Every kind of job there is.
pub fn registry() -> Registry<App> {
    Registry::default()
        .with::<ProvisionTenant>()
        .with::<SendEmail>()
}
