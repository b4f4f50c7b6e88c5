use std::sync::Arc;
use std::time::Duration;

use application::App;
use application::jobs::registry;
use application::ports::{Mail, MailError, Mailer, Notifier};
use application::tenants::{RegisterTenant, register_tenant, tenant_home};
use application::users::{SignUp, find_user, set_password, sign_in, sign_up};
use async_trait::async_trait;
use domain::{Notification, Status, Tenant, User};
use job_engine::{Server, ServerOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::stage::{Stage, on_both};

const PATIENCE: Duration = Duration::from_mins(1);

/// Passes on what it is told.
struct Listener(UnboundedSender<Told>);

enum Told {
    Notification(Notification),
    Status(Status),
    Sent(Mail),
}

#[async_trait]
impl Notifier for Listener {
    async fn notify(&self, notification: &Notification) {
        let _ = self.0.send(Told::Notification(notification.clone()));
    }

    async fn tenant_changed(&self, tenant: &Tenant) {
        let _ = self.0.send(Told::Status(tenant.status));
    }
}

/// Sends, and says so.
struct ToldMailer {
    mailer: Arc<dyn Mailer>,
    told: UnboundedSender<Told>,
}

#[async_trait]
impl Mailer for ToldMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.mailer.send(mail).await?;
        let _ = self.told.send(Told::Sent(mail.clone()));
        Ok(())
    }
}

fn listening(stage: &Stage) -> (App, UnboundedReceiver<Told>) {
    let (sender, receiver) = unbounded_channel();
    let app = stage.app();
    let mailer = ToldMailer {
        mailer: Arc::clone(&app.mailer),
        told: sender.clone(),
    };
    let app = App {
        notifier: Arc::new(Listener(sender)),
        mailer: Arc::new(mailer),
        ..app
    };
    (app, receiver)
}

async fn next(told: &mut UnboundedReceiver<Told>) -> Told {
    let next = timeout(PATIENCE, told.recv()).await;
    next.expect("something happens").expect("the app is there")
}

async fn next_mail(told: &mut UnboundedReceiver<Told>) -> Mail {
    loop {
        if let Told::Sent(mail) = next(told).await {
            return mail;
        }
    }
}

async fn super_admin(stage: &Stage) -> User {
    let admin = stage.user("root@diquis.example").await;
    let mut transaction = stage.begin().await;
    transaction
        .users()
        .make_super_admin(admin.id)
        .await
        .expect("made");
    transaction.commit().await.expect("committed");
    admin
}

async fn start(stage: &Stage, app: &App) -> job_engine::RunningServer {
    let storage = stage.adapters.storage.clone();
    let options = ServerOptions {
        workers: 4,
        ..ServerOptions::default()
    };
    Server::new(storage, registry(), Arc::new(app.clone()))
        .options(options)
        .start()
        .await
        .expect("started")
}

on_both! {
    async fn tenants_that_were_asked_for_become_active_and_each_is_told_once(stage: &Stage) {
        let admin = super_admin(stage).await;
        let (app, mut told) = listening(stage);
        let server = start(stage, &app).await;
        for number in 0..6 {
            let request = RegisterTenant {
                name: format!("Acme {number}"),
                admin_email: "ada@acme.example".to_owned(),
                ..RegisterTenant::default()
            };
            register_tenant(&app, admin.id, request).await.expect("registered");
        }

        let (mut active, mut messages) = (0, Vec::new());
        while active < 6 || messages.len() < 6 {
            match next(&mut told).await {
                Told::Notification(notification) => messages.push(notification.message),
                Told::Status(Status::Active) => active += 1,
                Told::Status(_) | Told::Sent(_) => {}
            }
        }
        server.stop().await;

        messages.sort_unstable();
        messages.dedup();
        assert_eq!(messages.len(), 6);
        assert_eq!(messages[0], "Tenant Acme 0 has been successfully provisioned.");
    }

    async fn who_signed_up_sets_a_password_by_mail_and_sees_their_tenant(stage: &Stage) {
        let (app, mut told) = listening(stage);
        let server = start(stage, &app).await;
        let request = SignUp {
            organization: "Müller & Söhne".to_owned(),
            email: "ada@mueller.example".to_owned(),
            slug: None,
        };
        sign_up(&app, request).await.expect("signed up");

        let mail = next_mail(&mut told).await;
        assert_eq!(mail.to.as_str(), "ada@mueller.example");
        let (_, rest) = mail.text.split_once("#token=").expect("a link");
        let token = rest.lines().next().expect("a line");
        set_password(&app, token, "correct horse battery staple").await.expect("set");
        let signed_in = sign_in(&app, "ada@mueller.example", "correct horse battery staple").await;

        let user = signed_in.expect("signed in").user;
        let (tenant, home) = tenant_home(&app, &user).await.expect("a home");
        assert_eq!(tenant.slug.as_str(), "mueller-soehne");
        assert_eq!(home.owner.user_id, user.id);
        assert_eq!(home.roles.len(), 4);
        let found = find_user(&app, user.id).await.expect("answered");
        assert_eq!(found, Some(user));
        let kept = app.mailbox.as_ref().expect("a mailbox").list().await.expect("listed");
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].subject, "Müller & Söhne is ready");
        assert_eq!(kept[0].text, mail.text);
        server.stop().await;
    }
}
