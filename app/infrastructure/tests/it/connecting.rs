use infrastructure::{ConnectError, Settings, connect};

use crate::stage::{Stage, on_both};

on_both! {
    async fn several_processes_start_at_once(stage: &Stage) {
        let settings = stage.settings();

        let (one, two, three) =
            tokio::join!(connect(&settings), connect(&settings), connect(&settings));

        for started in [one, two, three] {
            let adapters = started.expect("opens");
            adapters.is_ready().await.expect("answers");
            adapters.close().await;
        }
    }

    async fn what_was_stored_is_there_after_a_restart(stage: &Stage) {
        let tenant = stage.tenant("acme").await;

        let restarted = connect(&stage.settings()).await.expect("opens");

        let mut records = restarted.catalog.read().await.expect("a connection");
        let found = records.tenants().find(tenant.id).await.expect("answered");
        assert_eq!(found, Some(tenant));
        drop(records);
        restarted.close().await;
    }
}

/// Why nothing can start with this change to good settings.
async fn refused(change: impl FnOnce(&mut Settings)) -> ConnectError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = Settings {
        database_url: None,
        data_dir: folder.path().join("data"),
        smtp_url: None,
        public_url: "https://diquis.example".to_owned(),
        mail_from: None,
    };
    change(&mut settings);
    connect(&settings).await.expect_err("must be refused")
}

#[tokio::test]
async fn a_wrong_setting_is_named_without_its_password() {
    let database = refused(|it| it.database_url = Some("mysql://u:hunter2@x/y".to_owned())).await;
    let smtp = refused(|it| it.smtp_url = Some("http://u:hunter2@x".to_owned())).await;
    let sender = refused(|it| it.mail_from = Some("nobody".to_owned())).await;

    assert!(matches!(database, ConnectError::DatabaseUrl));
    assert!(matches!(smtp, ConnectError::Smtp(_)));
    assert!(matches!(sender, ConnectError::Sender(_)));
    for error in [database, smtp] {
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_owned();

    let error = refused(|it| it.data_dir.clone_from(&path)).await;

    assert!(matches!(error, ConnectError::Folder { .. }));
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_an_error_without_a_password() {
    let url = "postgres://u:hunter2@127.0.0.1:1/none";

    let error = refused(|it| it.database_url = Some(url.to_owned())).await;

    assert!(matches!(error, ConnectError::Database(_)));
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
