use std::panic::{AssertUnwindSafe, catch_unwind};

use application::ports::{Mail, MailError};
use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};

/// Who writes.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    /// What stands behind the `@` of each Message-ID.
    host: String,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no address that mails can come from")]
pub struct InvalidSender(String);

/// How the parts are written.
#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    /// As every mail server takes them.
    ForServers,
    /// As people read them in a file.
    ForPeople,
}

impl Sender {
    pub fn new(address: &str, host: &str) -> Result<Self, InvalidSender> {
        let invalid = || InvalidSender(address.to_owned());
        let address: Address = address.trim().parse().map_err(|_| invalid())?;
        Ok(Self {
            from: Mailbox::new(Some("Diquis".to_owned()), address),
            host: host.to_owned(),
        })
    }

    pub fn message(&self, mail: &Mail, encoding: Encoding) -> Result<Message, MailError> {
        if mail.subject.chars().any(char::is_control) {
            return Err(refused("the subject has a control character"));
        }

        // The builder panics on some header values instead of refusing them.
        let built = catch_unwind(AssertUnwindSafe(|| self.build(mail, encoding)));
        built.unwrap_or_else(|_| Err(refused("a header cannot be written")))
    }

    fn build(&self, mail: &Mail, encoding: Encoding) -> Result<Message, MailError> {
        let to: Address = mail.to.as_str().parse().map_err(refused)?;
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .date_now()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .header(AutoSubmitted);
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &mail.text, encoding))
            .singlepart(part(ContentType::TEXT_HTML, &mail.html, encoding));
        message.multipart(parts).map_err(refused)
    }
}

fn part(kind: ContentType, text: &str, encoding: Encoding) -> SinglePart {
    let body = match encoding {
        Encoding::ForServers => Body::new(text.to_owned()),
        Encoding::ForPeople => Body::dangerous_pre_encoded(
            text.replace('\n', "\r\n").into_bytes(),
            ContentTransferEncoding::EightBit,
        ),
    };
    SinglePart::builder().header(kind).body(body)
}

fn refused(reason: impl std::fmt::Display) -> MailError {
    MailError::Refused(reason.to_string())
}

/// Tells other machines not to answer.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            id: "0190".to_owned(),
            to: "ada@example.org".parse().expect("an address"),
            subject: "Müller is ready".to_owned(),
            text: "https://x.example/set-password#token=abc\n".to_owned(),
            html: "<p>Müller</p>\n".to_owned(),
        }
    }

    fn sender() -> Sender {
        Sender::new("no-reply@diquis.example", "diquis.example").expect("a sender")
    }

    fn written(mail: &Mail) -> String {
        let message = sender().message(mail, Encoding::ForPeople).expect("built");
        String::from_utf8(message.formatted()).expect("text")
    }

    #[test]
    fn a_mail_says_who_wrote_it_and_that_nobody_should_answer() {
        let text = written(&mail());

        assert!(text.contains("Message-ID: <0190@diquis.example>\r\n"));
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.contains("From: Diquis <no-reply@diquis.example>\r\n"));
        assert!(text.contains("To: ada@example.org\r\n"));
        assert!(text.contains("https://x.example/set-password#token=abc\r\n"));
    }

    #[test]
    fn a_subject_cannot_bring_a_header_of_its_own() {
        let mail = Mail {
            subject: "Hi\r\nBcc: eve@example.org".to_owned(),
            ..mail()
        };

        let refused = sender().message(&mail, Encoding::ForServers);

        assert!(matches!(refused, Err(MailError::Refused(_))));
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        assert!(Sender::new("Diquis\r\n", "x").is_err());
    }
}
