use async_trait::async_trait;
use domain::EmailAddress;
use jiff::Timestamp;

/// A mail that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What stands before the `@` of its Message-ID. The same for each attempt to send it, so that
    /// a mail that arrives twice is recognised.
    pub id: String,
    pub to: EmailAddress,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail server will not take this mail, now or later.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// Trying again may help.
    #[error("the mail could not be handed over: {0}")]
    Unavailable(String),
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail over to whoever delivers it.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// A mail in the mailbox, as it is called in addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailId(pub String);

/// A mail that was kept instead of sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    pub id: MailId,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
#[error("the mailbox cannot be read: {0}")]
pub struct MailboxError(pub String);

/// Mails that were kept because no mail server is set up.
#[async_trait]
pub trait Mailbox: Send + Sync {
    /// The newest first, 200 at most.
    async fn list(&self) -> Result<Vec<StoredMail>, MailboxError>;

    async fn read(&self, id: &MailId) -> Result<Option<StoredMail>, MailboxError>;
}
