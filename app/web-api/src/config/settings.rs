use std::fmt::Write as _;

/// A setting, as `diquis help settings` shows it.
pub struct Setting {
    /// The environment variable. In the file it is the same without `DIQUIS_`, in lower case.
    pub name: &'static str,
    /// What holds without it, in words where it is not a value.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "DIQUIS_CONFIG",
        default: "./diquis.toml if it exists",
        meaning: "A TOML file with settings. The environment wins over it. (Environment only.)",
    },
    Setting {
        name: "DIQUIS_LISTEN",
        default: "127.0.0.1:5000",
        meaning: "Address and port of the web server.",
    },
    Setting {
        name: "DIQUIS_PUBLIC_URL",
        default: "http:// and DIQUIS_LISTEN",
        meaning: "How browsers reach it, for example https://diquis.example.org. With https, \
                  cookies are sent over TLS alone.",
    },
    Setting {
        name: "DIQUIS_TRUSTED_PROXIES",
        default: "none",
        meaning: "Addresses or networks (10.0.0.0/8), separated by commas, whose X-Forwarded-For \
                  is believed.",
    },
    Setting {
        name: "DIQUIS_DATA_DIR",
        default: "./data",
        meaning: "Folder of the SQLite databases, of the mails when there is no SMTP server, and \
                  of the generated signing key.",
    },
    Setting {
        name: "DIQUIS_DATABASE_URL",
        default: "none: SQLite in DIQUIS_DATA_DIR",
        meaning: "PostgreSQL, for example postgres://user:password@host/diquis. The role needs \
                  CREATEDB.",
    },
    Setting {
        name: "DIQUIS_ADMIN_EMAIL",
        default: "admin@localhost",
        meaning: "The first Super Admin, made at the first start.",
    },
    Setting {
        name: "DIQUIS_ADMIN_PASSWORD",
        default: "none: a one-time link to set it is printed",
        meaning: "The first Super Admin's password, 8 to 128 characters. Not used once they exist.",
    },
    Setting {
        name: "DIQUIS_SMTP_URL",
        default: "none: mails become .eml files in DIQUIS_DATA_DIR/mail",
        meaning: "The mail server: smtp://host:25, smtp://host:587?tls=required or \
                  smtps://user:password@host:465.",
    },
    Setting {
        name: "DIQUIS_MAIL_FROM",
        default: "no-reply at the host of DIQUIS_PUBLIC_URL",
        meaning: "The sender of mails.",
    },
    Setting {
        name: "DIQUIS_JWT_SECRET",
        default: "none: generated once and kept (SQLite: DIQUIS_DATA_DIR/jwt-secret; PostgreSQL: \
                  in the database, so that all processes agree)",
        meaning: "Signs access tokens. At least 32 bytes.",
    },
    Setting {
        name: "DIQUIS_WORKERS",
        default: "5 per core, at most 20",
        meaning: "How many jobs run at the same time, at most 1000. With 0, `serve` answers requests \
                  alone and `diquis work` elsewhere does the jobs.",
    },
    Setting {
        name: "DIQUIS_JOB_ATTEMPTS",
        default: "10",
        meaning: "How often a job is tried in all before it rests among the failed ones, 1 to 100.",
    },
    Setting {
        name: "DIQUIS_RETRY_DELAYS",
        default: "none: they grow with the fourth power of the attempt",
        meaning: "Delays between attempts, for example 1s,5s,1m. The last one repeats.",
    },
    Setting {
        name: "DIQUIS_STOP_GRACE",
        default: "15s",
        meaning: "How long running jobs may take to finish when the process is told to stop.",
    },
    Setting {
        name: "DIQUIS_SIGN_IN_LIMIT",
        default: "60/minute",
        meaning: "Failed sign-ins per client address; `off` for no limit. (An account on which \
                  sign-in fails again and again pauses by itself, up to a minute.)",
    },
    Setting {
        name: "DIQUIS_SIGN_UP_LIMIT",
        default: "120/hour",
        meaning: "Sign-ups per client address; `off` for no limit.",
    },
    Setting {
        name: "DIQUIS_PUBLIC_LIMIT",
        default: "120/minute",
        meaning: "Other requests that need no sign-in (is a slug free, set a password), per client \
                  address; `off` for no limit.",
    },
    Setting {
        name: "DIQUIS_METRICS_TOKEN",
        default: "none: /metrics is for Super Admins alone",
        meaning: "A bearer token for /metrics, at least 16 characters.",
    },
    Setting {
        name: "DIQUIS_LOG",
        default: "info",
        meaning: "What is logged, for example warn or info,job_engine=debug.",
    },
    Setting {
        name: "DIQUIS_LOG_FORMAT",
        default: "text",
        meaning: "text or json.",
    },
];

/// The text of `diquis help settings`.
pub fn help() -> String {
    let mut text = String::from(
        "Settings come from the environment and from a TOML file (DIQUIS_CONFIG, or ./diquis.toml).\n\
         In the file a setting has the same name without DIQUIS_, in lower case: listen = \"0.0.0.0:80\".\n\
         The environment wins.\n",
    );
    for setting in SETTINGS {
        let _ = write!(
            text,
            "\n{}\n    {}\n    Default: {}\n",
            setting.name, setting.meaning, setting.default
        );
    }
    text
}
