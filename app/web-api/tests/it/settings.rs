use std::fs;
use std::process::{Command, Output};

use web_api::config::{Config, SETTINGS};

fn read(settings: &[(&str, &str)]) -> Result<Config, String> {
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(settings).map_err(|error| error.to_string())
}

/// The executable, without any setting of this process.
fn diquis(words: &[&str], settings: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    Command::new(env!("CARGO_BIN_EXE_diquis"))
        .args(words)
        .env_clear()
        .envs(settings.iter().copied())
        .current_dir(folder.path())
        .output()
        .expect("it runs")
}

#[test]
fn a_wrong_value_stops_the_start_with_one_line_that_names_the_setting() {
    for (name, value) in [
        ("DIQUIS_LISTEN", "here"),
        ("DIQUIS_PUBLIC_URL", "somewhere"),
        ("DIQUIS_PUBLIC_URL", "https://diquis.test/app"),
        ("DIQUIS_TRUSTED_PROXIES", "10.0.0.0/64"),
        ("DIQUIS_DATABASE_URL", "mysql://localhost/diquis"),
        ("DIQUIS_ADMIN_EMAIL", "nobody"),
        ("DIQUIS_ADMIN_PASSWORD", "short"),
        ("DIQUIS_SMTP_URL", "carrier-pigeon://loft"),
        ("DIQUIS_MAIL_FROM", "nobody"),
        ("DIQUIS_JWT_SECRET", "short"),
        ("DIQUIS_WORKERS", "many"),
        ("DIQUIS_WORKERS", "-1"),
        ("DIQUIS_JOB_ATTEMPTS", "0"),
        ("DIQUIS_RETRY_DELAYS", "1s,soon"),
        ("DIQUIS_STOP_GRACE", "15"),
        ("DIQUIS_SIGN_IN_LIMIT", "5/week"),
        ("DIQUIS_SIGN_UP_LIMIT", "0/minute"),
        ("DIQUIS_METRICS_TOKEN", "short"),
        ("DIQUIS_LOG", "diquis=shouting"),
        ("DIQUIS_LOG_FORMAT", "xml"),
    ] {
        let line = read(&[(name, value)]).expect_err(name);

        assert!(line.contains(name), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[test]
fn a_secret_that_is_wrong_is_not_shown() {
    for (name, value) in [
        ("DIQUIS_JWT_SECRET", "sesame"),
        ("DIQUIS_ADMIN_PASSWORD", "sesame"),
        ("DIQUIS_METRICS_TOKEN", "sesame"),
        ("DIQUIS_SMTP_URL", "smpt://ada:sesame@mail.test"),
        ("DIQUIS_DATABASE_URL", "mysql://ada:sesame@localhost/diquis"),
    ] {
        let line = read(&[(name, value)]).expect_err(name);

        assert!(!line.contains("sesame"), "{line}");
    }
}

#[test]
fn secrets_do_not_show_when_settings_are_printed() {
    let config = read(&[
        ("DIQUIS_JWT_SECRET", "sesame sesame sesame sesame sesame"),
        ("DIQUIS_ADMIN_PASSWORD", "sesame sesame"),
        ("DIQUIS_METRICS_TOKEN", "sesame sesame sesame"),
        ("DIQUIS_SMTP_URL", "smtp://ada:sesame@mail.test"),
        (
            "DIQUIS_DATABASE_URL",
            "postgres://ada:sesame@localhost/diquis",
        ),
    ])
    .expect("valid settings");

    assert!(!format!("{config:?}").contains("sesame"));
}

#[test]
fn a_slip_of_the_pen_is_noticed() {
    let line = read(&[("DIQUIS_WORKRES", "4")]).expect_err("no such setting");

    assert!(line.contains("DIQUIS_WORKRES"), "{line}");
}

#[test]
fn an_empty_value_is_no_value() {
    let config = read(&[("DIQUIS_ADMIN_PASSWORD", ""), ("DIQUIS_LISTEN", " ")]);

    let config = config.expect("valid settings");
    assert!(config.admin_password.is_none());
    assert_eq!(config.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:5000");
}

#[test]
fn the_environment_wins_over_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("diquis.toml");
    let text = "workers = 3\njob_attempts = 4\nretry_delays = [\"1s\", \"5s\"]\n";
    fs::write(&path, text).expect("writes");
    let path = path.to_str().expect("a text");

    let config = read(&[("DIQUIS_CONFIG", path), ("DIQUIS_WORKERS", "7")]);

    let config = config.expect("valid settings");
    assert_eq!(config.workers, Some(7));
    assert_eq!(config.job_attempts, 4);
    assert_eq!(config.retry_delays.len(), 2);
}

#[test]
fn a_wrong_file_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("diquis.toml");
    let path = path.to_str().expect("a text");

    for text in [
        "workers = ",
        "wrokers = 3",
        "workers = true",
        "config = \"other.toml\"",
    ] {
        fs::write(path, text).expect("writes");
        let line = read(&[("DIQUIS_CONFIG", path)]).expect_err(text);
        assert!(line.contains(path), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    fs::remove_file(path).expect("removes");
    read(&[("DIQUIS_CONFIG", path)]).expect_err("a file that was named must be there");
}

#[test]
fn every_setting_is_in_the_help() {
    let output = diquis(&["help", "settings"], &[]);

    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    for setting in SETTINGS {
        assert!(text.contains(setting.name), "{}", setting.name);
        assert!(text.contains(setting.default), "{}", setting.name);
    }
}

#[test]
fn the_executable_ends_with_2_where_it_cannot_be_set_up() {
    let output = diquis(&["serve"], &[("DIQUIS_WORKERS", "many")]);

    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).expect("text");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("DIQUIS_WORKERS"), "{line}");
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let url = "postgres://diquis:sesame@127.0.0.1:1/diquis";
    let output = diquis(
        &["serve"],
        &[
            ("DIQUIS_DATABASE_URL", url),
            ("DIQUIS_LISTEN", "127.0.0.1:0"),
        ],
    );

    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).expect("text");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(
        line.contains("127.0.0.1:1") && !line.contains("sesame"),
        "{line}"
    );
}
