use std::fmt;
use std::time::Duration;

use application::ports::{Mail, MailError, Mailer};
use async_trait::async_trait;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::message::{Encoding, Sender};

const CONNECTIONS: u32 = 4;
const IDLE: Duration = Duration::from_secs(20);
/// For each command, so that a server that went silent does not hold a worker.
const TIMEOUT: Duration = Duration::from_secs(15);
/// For a mail as a whole.
const LONGEST: Duration = Duration::from_mins(1);

/// Hands mails to a mail server.
pub struct SmtpMailer {
    sender: Sender,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// The address may hold a password, so it is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("the address of the mail server is not like smtp://user:password@host:port or smtps://…")]
pub struct InvalidSmtpUrl;

impl SmtpMailer {
    pub fn new(url: &str, sender: Sender) -> Result<Self, InvalidSmtpUrl> {
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| InvalidSmtpUrl)?
            .timeout(Some(TIMEOUT))
            .pool_config(pool)
            .build();
        Ok(Self { sender, transport })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.sender.message(mail, Encoding::ForServers)?;
        match tokio::time::timeout(LONGEST, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(mail_error(&error)),
            Err(_) => Err(MailError::Unavailable(
                "the mail server is too slow".to_owned(),
            )),
        }
    }
}

fn mail_error(error: &Error) -> MailError {
    let text = std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
    if error.is_permanent() {
        MailError::Refused(text)
    } else {
        MailError::Unavailable(text)
    }
}
