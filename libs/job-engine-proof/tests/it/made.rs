//! A database that was made for one story.

use std::thread;

use job_engine::storage::JobId;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::runtime::Builder;

/// It is dropped with this, whatever came of the story.
pub(crate) struct Made {
    cluster: String,
    name: String,
}

impl Made {
    /// In the cluster with this URL.
    pub(crate) async fn database_in(cluster: &str) -> Self {
        let name = format!("job_engine_proof_{}", JobId::random().0.simple());
        let made = execute(cluster, format!("create database {name}")).await;
        made.expect("a database is made");
        Self {
            cluster: cluster.to_owned(),
            name,
        }
    }

    pub(crate) fn url(&self) -> String {
        let (address, _) = self
            .cluster
            .rsplit_once('/')
            .expect("the URL names a database");
        format!("{address}/{}", self.name)
    }
}

impl Drop for Made {
    /// On a thread of its own, for the story's may be driving a runtime.
    fn drop(&mut self) {
        let statement = format!("drop database {} with (force)", self.name);
        let cluster = self.cluster.clone();
        let dropping = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime
                .block_on(execute(&cluster, statement))
                .map_err(std::io::Error::other)
        });
        // A cluster of the story's own may be gone already, and its databases with it.
        let _ = dropping.join();
    }
}

async fn execute(cluster: &str, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(cluster).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}
