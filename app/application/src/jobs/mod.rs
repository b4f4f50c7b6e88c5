//! What is done in the background.

mod provision_tenant;
mod send_email;

mod provisioning_failed;

pub use provision_tenant::ProvisionTenant;
pub use send_email::{Letter, SendEmail};
