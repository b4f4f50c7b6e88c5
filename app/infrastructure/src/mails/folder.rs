use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use application::ports::{Mail, MailError, MailId, Mailbox, MailboxError, Mailer, StoredMail};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::message::{Encoding, Sender};
use super::stored;

/// The most mails that are listed.
const LISTED: usize = 200;

/// Keeps each mail as a file, for a machine without a mail server.
#[derive(Debug)]
pub struct MailFolder {
    folder: PathBuf,
    sender: Sender,
}

impl MailFolder {
    pub async fn open(folder: PathBuf, sender: Sender) -> io::Result<Self> {
        fs::create_dir_all(&folder).await?;
        Ok(Self { folder, sender })
    }

    fn path(&self, id: &MailId) -> Option<PathBuf> {
        let is_name =
            !id.0.is_empty() && id.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_name.then(|| self.folder.join(format!("{}.eml", id.0)))
    }
}

#[async_trait]
impl Mailer for MailFolder {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.sender.message(mail, Encoding::ForPeople)?;
        let path = self
            .path(&MailId(mail.id.clone()))
            .ok_or_else(|| MailError::Refused("the id is no file name".to_owned()))?;
        write_whole(&path, &message.formatted())
            .await
            .map_err(|error| MailError::Unavailable(error.to_string()))
    }
}

#[async_trait]
impl Mailbox for MailFolder {
    async fn list(&self) -> Result<Vec<StoredMail>, MailboxError> {
        let ids = ids(&self.folder).await.map_err(unreadable)?;
        let mut mails = Vec::with_capacity(ids.len());
        for id in ids {
            mails.extend(self.read(&id).await?);
        }
        mails.sort_by_key(|mail| Reverse(mail.created_at));
        Ok(mails)
    }

    async fn read(&self, id: &MailId) -> Result<Option<StoredMail>, MailboxError> {
        let Some(path) = self.path(id) else {
            return Ok(None);
        };
        match read(&path).await {
            Ok((text, created_at)) => Ok(stored::read(id, &text, created_at)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(error)),
        }
    }
}

/// Under another name first, so that nobody finds half a mail.
async fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = fs::File::create(&partial).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(&partial, path).await
}

/// The newest: their names begin with the time of their making.
async fn ids(folder: &Path) -> io::Result<Vec<MailId>> {
    let mut ids = Vec::new();
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".eml"));
        ids.extend(id.map(str::to_owned));
    }
    ids.sort_unstable();
    Ok(ids.into_iter().rev().take(LISTED).map(MailId).collect())
}

async fn read(path: &Path) -> io::Result<(String, Timestamp)> {
    let text = fs::read_to_string(path).await?;
    let modified = fs::metadata(path).await?.modified()?;
    Ok((text, timestamp(modified)))
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn unreadable(error: impl std::fmt::Display) -> MailboxError {
    MailboxError(error.to_string())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn temporary_folder() -> TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    async fn mailbox(folder: &TempDir) -> MailFolder {
        let sender = Sender::new("no-reply@diquis.example", "diquis.example").expect("a sender");
        MailFolder::open(folder.path().join("mail"), sender)
            .await
            .expect("a folder")
    }

    fn mail(id: &str) -> Mail {
        Mail {
            id: id.to_owned(),
            to: "ada@example.org".parse().expect("an address"),
            subject: "Müller & Söhne, a name that is long enough for two lines, is ready – at last"
                .to_owned(),
            text: "Grüße\n\nhttps://x.example/#token=abc=\n".to_owned(),
            html: "<p>Grüße</p>\n".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_mail_that_was_kept_can_be_read() {
        let folder = temporary_folder();
        let mailbox = mailbox(&folder).await;

        mailbox.send(&mail("0190-a")).await.expect("kept");
        let read = mailbox
            .read(&MailId("0190-a".to_owned()))
            .await
            .expect("readable");

        let read = read.expect("there");
        assert_eq!(read.to, "ada@example.org");
        assert_eq!(read.from, "Diquis <no-reply@diquis.example>");
        assert_eq!(read.subject, mail("0190-a").subject);
        assert_eq!(read.text, mail("0190-a").text);
        assert_eq!(read.html, Some(mail("0190-a").html));
    }

    #[tokio::test]
    async fn a_mail_that_is_sent_again_is_kept_once() {
        let folder = temporary_folder();
        let mailbox = mailbox(&folder).await;

        mailbox.send(&mail("0190-a")).await.expect("kept");
        mailbox.send(&mail("0190-a")).await.expect("kept");
        mailbox.send(&mail("0190-b")).await.expect("kept");

        let ids: Vec<_> = mailbox
            .list()
            .await
            .expect("readable")
            .into_iter()
            .map(|mail| mail.id.0)
            .collect();
        assert_eq!(ids.len(), 2);
    }

    #[tokio::test]
    async fn nothing_outside_of_the_folder_can_be_read() {
        let folder = temporary_folder();
        let mailbox = mailbox(&folder).await;
        fs::write(folder.path().join("secret.eml"), "Subject: x\r\n\r\n")
            .await
            .expect("written");

        let read = mailbox.read(&MailId("../secret".to_owned())).await;

        assert_eq!(read.expect("readable"), None);
    }
}
