//! How mails leave: by SMTP, or into files that a Super Admin can read.

mod folder;
mod message;
mod smtp;
mod stored;

pub use folder::MailFolder;
pub use message::{InvalidSender, Sender};
pub use smtp::{InvalidSmtpUrl, SmtpMailer};
