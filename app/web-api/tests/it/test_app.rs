use std::net::SocketAddr;
use std::path::Path;

use application::notifications::undelivered;
use domain::{Notification, NotificationKind, TenantId, UserId};
use serde_json::{Value, json};
use sqlx::Connection;
use tempfile::TempDir;
use uuid::Uuid;
use web_api::config::Config;
use web_api::web_server::WebServer;

use crate::eventually::eventually;
use crate::person::Person;

pub const ADMIN: &str = "ada@diquis.test";
pub const PASSWORD: &str = "round as the stones of Diquis";

/// The application, started in this process, with a data directory of its own.
pub struct TestApp {
    server: WebServer,
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl TestApp {
    /// On SQLite.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// On SQLite, with other settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("a text").to_owned();
        let usual = [
            ("DIQUIS_LISTEN", "127.0.0.1:0"),
            ("DIQUIS_DATA_DIR", &path),
            ("DIQUIS_ADMIN_EMAIL", ADMIN),
            ("DIQUIS_ADMIN_PASSWORD", PASSWORD),
            ("DIQUIS_WORKERS", "2"),
        ];
        let settings: Vec<_> = usual
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let server = serve(&settings).await;
        Self {
            server,
            folder,
            settings,
        }
    }

    /// On a new database of the PostgreSQL cluster for tests.
    pub async fn on_postgres(settings: &[(&str, &str)]) -> Self {
        let url = new_database().await;
        let with_url = [&[("DIQUIS_DATABASE_URL", url.as_str())], settings].concat();
        Self::with(&with_url).await
    }

    /// Another process, as far as anyone can tell, that shares the database.
    pub async fn beside(&self) -> Self {
        let url = self.setting("DIQUIS_DATABASE_URL").to_owned();
        Self::with(&[("DIQUIS_DATABASE_URL", &url)]).await
    }

    /// Stops and starts on the same data.
    pub async fn restart(self) -> Self {
        self.server.stop().await;
        let server = serve(&self.settings).await;
        Self { server, ..self }
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn server(&self) -> &WebServer {
        &self.server
    }

    pub fn visitor(&self) -> Person {
        Person::visitor(self.address())
    }

    pub async fn admin(&self) -> Person {
        Person::sign_in(self.address(), ADMIN, PASSWORD).await
    }

    /// Someone who has signed up, set a password and signed in.
    pub async fn owner(&self, organization: &str, email: &str) -> Person {
        self.sign_up(organization, email).await;
        self.owner_of_mailed_link(email).await
    }

    /// Someone who sets a password with the link in their mail, and signs in.
    pub async fn owner_of_mailed_link(&self, email: &str) -> Person {
        let token = self.link_mailed_to(email).await;
        let body = json!({ "token": token, "password": PASSWORD });
        let answer = self.visitor().post("/api/passwords", body).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        Person::sign_in(self.address(), email, PASSWORD).await
    }

    pub async fn sign_up(&self, organization: &str, email: &str) {
        let body = json!({ "organization": organization, "email": email });
        let answer = self.visitor().post("/api/sign-up", body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// The token of the set-password link in the mail to this address.
    pub async fn link_mailed_to(&self, email: &str) -> String {
        let mail = self.mail_to(email).await;
        let text = mail["text"].as_str().expect("a text");
        let (_, rest) = text.split_once("/set-password#token=").expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }

    /// The newest mail to this address, once there is one.
    pub async fn mail_to(&self, email: &str) -> Value {
        let admin = self.admin().await;
        let id = eventually("the mail", async || {
            let mails = admin.get("/api/mails").await.json();
            let mails = mails["items"].as_array().expect("a list").clone();
            let mail = mails.into_iter().find(|mail| mail["to"] == email)?;
            Some(mail["id"].as_str().expect("an id").to_owned())
        });
        let id = id.await;
        admin.get(&format!("/api/mails/{id}")).await.json()
    }

    /// As it happens when a password is set anew.
    pub async fn end_sessions_of(&self, person: &Person) {
        let me = person.get("/api/me").await.json();
        let id = me["id"].as_str().expect("an id").parse().expect("a UUID");
        let app = self.server.app();
        let mut transaction = app.catalog.begin().await.expect("begins");
        let sessions = transaction.sessions();
        sessions
            .end_all(UserId(id), app.clock.now())
            .await
            .expect("ends");
        transaction.commit().await.expect("commits");
    }

    /// Waits until a page of each user's has told that it has everything.
    pub async fn all_is_delivered(&self) {
        eventually("every notification to be delivered", async || {
            let waiting = undelivered(self.server.app()).await.expect("answered");
            waiting.is_empty().then_some(())
        })
        .await;
    }

    /// Stores a notification about a tenant, as a process does that dies before it can tell anyone.
    pub async fn store_notification(&self, tenant: &str, kind: NotificationKind) {
        let app = self.server.app();
        let mut transaction = app.catalog.begin().await.expect("begins");
        let id = TenantId(tenant.parse().expect("a UUID"));
        let tenant = transaction.tenants().find(id).await.expect("answered");
        let tenant = tenant.expect("it is there");
        let user = tenant.requested_by().expect("somebody asked for it");
        let notification = Notification::about(&tenant, kind, user, app.clock.now());
        let added = transaction.notifications().add(&notification).await;
        assert!(added.expect("answered"));
        transaction.commit().await.expect("commits");
    }

    /// Cuts every connection to the PostgreSQL database and lets no other in.
    pub async fn lose_database(&self) {
        let name = self.database_name();
        run_on_cluster(format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    pub async fn find_database_again(&self) {
        let name = self.database_name();
        run_on_cluster(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    }

    fn database_name(&self) -> &str {
        let url = self.setting("DIQUIS_DATABASE_URL");
        url.rsplit('/').next().expect("a name")
    }

    fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().rfind(|(setting, _)| setting == name);
        found.map_or("", |(_, value)| value)
    }
}

async fn serve(settings: &[(String, String)]) -> WebServer {
    let config = Config::read(settings.iter().cloned()).expect("valid settings");
    let server = WebServer::start(config, |_| Ok(())).await;
    server.expect("it starts")
}

/// The address of a new, empty database.
async fn new_database() -> String {
    let name = format!("web_api_{}", Uuid::now_v7().simple());
    run_on_cluster(format!("CREATE DATABASE {name}")).await;
    let cluster = cluster();
    let (start, _) = cluster.rsplit_once('/').expect("a database in the URL");
    format!("{start}/{name}")
}

#[expect(clippy::disallowed_methods, reason = "it is a setting of the tests")]
fn cluster() -> String {
    std::env::var("DIQUIS_TEST_POSTGRES_URL")
        .expect("DIQUIS_TEST_POSTGRES_URL is not set; run: scripts/with-postgres cargo test")
}

async fn run_on_cluster(statement: String) {
    let mut connection = sqlx::PgConnection::connect(&cluster())
        .await
        .expect("the cluster answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("the statement runs");
}
