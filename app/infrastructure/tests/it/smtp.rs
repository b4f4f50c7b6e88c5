use application::ports::{Mail, MailError, Mailer};
use infrastructure::mails::{Sender, SmtpMailer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A mail server that takes one mail, answering its end with `verdict`; the mail as it came.
async fn server(verdict: &'static str) -> (String, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let (sender, received) = oneshot::channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mail = converse(stream, verdict).await;
        let _ = sender.send(mail);
    });
    (url, received)
}

async fn converse(stream: TcpStream, verdict: &str) -> String {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut mail = String::new();
    let mut is_in_mail = false;
    writer.write_all(b"220 ready\r\n").await.expect("written");

    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap_or_default() {
            "." if is_in_mail => {
                writer.write_all(verdict.as_bytes()).await.expect("written");
                return mail;
            }
            _ if is_in_mail => {
                mail.push_str(&line);
                mail.push('\n');
                continue;
            }
            "EHLO" => "250 fake\r\n",
            "DATA" => {
                is_in_mail = true;
                "354 go on\r\n"
            }
            _ => "250 fine\r\n",
        };
        writer.write_all(answer.as_bytes()).await.expect("written");
    }
    mail
}

async fn send(url: &str) -> Result<(), MailError> {
    let sender = Sender::new("no-reply@diquis.example", "diquis.example").expect("a sender");
    let mail = Mail {
        id: "0190-a".to_owned(),
        to: "ada@example.org".parse().expect("an address"),
        subject: "Acme is ready".to_owned(),
        text: "Hello\n".to_owned(),
        html: "<p>Hello</p>\n".to_owned(),
    };
    let mailer = SmtpMailer::new(url, sender).expect("a mail server");
    mailer.send(&mail).await
}

#[tokio::test]
async fn a_mail_reaches_the_mail_server_with_both_of_its_parts() {
    let (url, received) = server("250 taken\r\n").await;

    send(&url).await.expect("sent");

    let mail = received.await.expect("a mail");
    for part in [
        "Message-ID: <0190-a@diquis.example>",
        "Auto-Submitted: auto-generated",
        "Subject: Acme is ready",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "<p>Hello</p>",
    ] {
        assert!(mail.contains(part), "{part} is not in:\n{mail}");
    }
}

#[tokio::test]
async fn a_mail_that_the_server_will_never_take_is_refused() {
    let (url, _received) = server("550 no such mailbox\r\n").await;

    let refused = send(&url).await;

    assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_mail_that_the_server_will_take_later_can_be_tried_again() {
    let (url, _received) = server("451 come back\r\n").await;

    let postponed = send(&url).await;

    assert!(
        matches!(postponed, Err(MailError::Unavailable(_))),
        "{postponed:?}"
    );
}

#[tokio::test]
async fn a_mail_server_that_is_away_can_be_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    drop(listener);

    let away = send(&url).await;

    assert!(matches!(away, Err(MailError::Unavailable(_))), "{away:?}");
}
