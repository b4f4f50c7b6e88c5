//! What the business is: plain values and their rules. No I/O, no async, nothing of ours above it.

mod ids;

pub mod tenant;

pub mod provisioning;

pub mod slug;
mod transliteration;

pub mod email_address;
pub mod tenant_name;

pub mod password;
pub mod role;
pub mod user;

pub mod notification;

pub use email_address::{EmailAddress, InvalidEmailAddress};
pub use ids::{NotificationId, TenantId, UserId};
pub use notification::{Notification, NotificationKind, Severity};
pub use password::{Password, WeakPassword};
pub use provisioning::{Step, StepProgress, StepState, Steps};
pub use role::Role;
pub use slug::{InvalidSlug, Slug};
pub use tenant::{Origin, RequestKey, Status, Tenant, WrongStatus};
pub use tenant_name::{InvalidTenantName, TenantName};
pub use user::User;
