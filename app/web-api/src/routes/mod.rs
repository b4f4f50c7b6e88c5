//! What can be asked, one file per thing. Each handler stands beside its request and its response.

pub mod health;
pub mod jobs;
pub mod mails;
pub mod metrics;
pub mod notifications;
pub mod passwords;
pub mod sessions;
pub mod sign_up;
pub mod slugs;
pub mod tenant_home;
pub mod tenants;
pub mod user;
