use domain::{EmailAddress, Tenant, TenantId, User, UserId};
use job_engine::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::letters::{self, LINK_LIFETIME, Text};
use crate::ports::{CatalogError, Mail, MailError};

/// Sends a letter. What it says is read when it is sent; a secret link is made only then, and
/// nothing but its hash is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendEmail {
    pub letter: Letter,
}

/// Which letter, to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// The tenant is ready.
    Welcome {
        tenant: TenantId,
        user: UserId,
    },
    /// Someone signed up with the address of an account.
    AlreadyKnown {
        user: UserId,
    },
    /// Someone signed up again while their tenant is being prepared.
    StillPreparing {
        tenant: TenantId,
    },
    PasswordChanged {
        user: UserId,
    },
}

impl Job for SendEmail {
    const NAME: &'static str = "send_email";
    type Context = App;

    async fn run(&self, app: &App, attempt: &Attempt) -> Result<(), JobError> {
        let (to, text) = write(app, &self.letter).await?;
        let mail = Mail {
            id: attempt.job_id().to_string(),
            to,
            subject: text.subject.clone(),
            text: text.plain(),
            html: text.html(),
        };

        attempt.log(format_args!("Sending “{}”", mail.subject));
        match app.mailer.send(&mail).await {
            Ok(()) => Ok(()),
            Err(error @ MailError::Refused(_)) => Err(JobError::fail(error)),
            Err(error) => Err(error.into()),
        }
    }
}

async fn write(app: &App, letter: &Letter) -> Result<(EmailAddress, Text), JobError> {
    match letter {
        Letter::Welcome { tenant, user } => {
            let (tenant, user) = (
                find_tenant(app, *tenant).await?,
                find_user(app, *user).await?,
            );
            let link = link_for_first_password(app, &user).await?;
            Ok((
                user.email.clone(),
                letters::welcome(app, &tenant, &user, link),
            ))
        }
        Letter::AlreadyKnown { user } => {
            let user = find_user(app, *user).await?;
            let link = link(app, &user).await?;
            Ok((user.email.clone(), letters::already_known(app, &user, link)))
        }
        Letter::StillPreparing { tenant } => {
            let tenant = find_tenant(app, *tenant).await?;
            let text = letters::still_preparing(&tenant);
            Ok((tenant.admin_email, text))
        }
        Letter::PasswordChanged { user } => {
            let user = find_user(app, *user).await?;
            Ok((user.email.clone(), letters::password_changed(app, &user)))
        }
    }
}

/// Someone who has a password signs in with it, and needs no link.
async fn link_for_first_password(app: &App, user: &User) -> Result<Option<String>, CatalogError> {
    if user.has_password {
        return Ok(None);
    }
    link(app, user).await.map(Some)
}

/// A fresh link that replaces the one before.
async fn link(app: &App, user: &User) -> Result<String, CatalogError> {
    let token = app.tokens.random();
    let hash = app.tokens.hash(token.expose());
    let expires_at = app.clock.now() + LINK_LIFETIME;

    let mut transaction = app.catalog.begin().await?;
    let links = transaction.one_time_links();
    links.put(user.id, &hash, expires_at).await?;
    transaction.commit().await?;
    Ok(letters::set_password_link(app, &token))
}

async fn find_tenant(app: &App, id: TenantId) -> Result<Tenant, JobError> {
    let tenant = app.catalog.read().await?.tenants().find(id).await?;
    tenant.ok_or_else(|| JobError::fail("the tenant is gone"))
}

async fn find_user(app: &App, id: UserId) -> Result<User, JobError> {
    let user = app.catalog.read().await?.users().find(id).await?;
    user.ok_or_else(|| JobError::fail("the user is gone"))
}
