//! A PostgreSQL server of one story, which may be restarted the hard way.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let cluster = Self {
            programs: find_programs().await,
            port: free_port(),
            folder,
        };
        give_to_postgres(cluster.folder.path()).await;
        let data = cluster.data();
        cluster
            .run(
                "initdb",
                &["-D", &data, "-U", "postgres", "-A", "trust", "--no-sync"],
            )
            .await;
        cluster.control("start").await;
        cluster
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// As after a loss of power: nothing is said to anybody, and the log is replayed.
    pub(crate) async fn restart_at_once(&self) {
        self.control("restart").await;
    }

    /// Databases that are made from now on are in this folder; the log of changes is elsewhere.
    pub(crate) async fn keep_databases_in(&self, folder: &Path) {
        let folder = folder.join("databases");
        std::fs::create_dir(&folder).expect("a folder is made");
        give_to_postgres(&folder).await;
        let mut connection = PgConnection::connect(&self.url())
            .await
            .expect("PostgreSQL runs");
        for statement in [
            format!("create tablespace small location '{}'", folder.display()),
            "alter database template1 set tablespace small".to_owned(),
        ] {
            let done = connection.execute(AssertSqlSafe(statement)).await;
            done.expect("databases may be there");
        }
    }

    /// SIGKILL to one of its own processes, upon which it ends all others and recovers, and its time
    /// of start stays the same. Returns when the others have ended.
    pub(crate) async fn kill_a_session(&self) {
        let url = self.url();
        let connect = || PgConnection::connect(&url);
        let mut victim = connect().await.expect("PostgreSQL runs");
        let mut witness = connect().await.expect("PostgreSQL runs");
        let process: i32 = sqlx::query_scalar("select pg_backend_pid()")
            .fetch_one(&mut victim)
            .await
            .expect("it answers");
        let killed = Command::new("kill")
            .args(["-s", "KILL", &process.to_string()])
            .status()
            .await;
        assert!(killed.is_ok_and(|status| status.success()));
        while witness.ping().await.is_ok() {}
    }

    async fn control(&self, what: &str) {
        let folder = self.folder.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200",
            self.port
        );
        let (data, log) = (self.data(), format!("{folder}/log"));
        let arguments = [
            "-D",
            &data,
            "-l",
            &log,
            "-m",
            "immediate",
            "-w",
            "-o",
            &options,
            what,
        ];
        self.run("pg_ctl", &arguments).await;
    }

    async fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let ran = as_postgres(&path)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        assert!(ran.is_ok_and(|status| status.success()), "{program} failed");
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let path = self.programs.join("pg_ctl");
        let data = self.data();
        let mut stop = as_postgres(&path).into_std();
        stop.args(["-D", &data, "-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Nothing is left but a folder that is removed anyway.
        let _ = stop.status();
    }
}

/// The server refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
        .arg(program);
    command
}

async fn give_to_postgres(folder: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres:").arg(folder).status();
        assert!(given.await.is_ok_and(|status| status.success()));
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

async fn find_programs() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/with-postgres");
    let found = Command::new(script).arg("--find").output().await;
    let found = found.expect("the script runs").stdout;
    PathBuf::from(String::from_utf8_lossy(&found).trim())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
