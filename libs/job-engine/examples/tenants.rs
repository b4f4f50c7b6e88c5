//! Jobs that belong to tenants, take turns between them, and are found by tenant and tag.
//! Run with `cargo run -p job-engine --example tenants`.

use std::error::Error;
use std::sync::Arc;

use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{Condition, JobQuery, Monitor, Test};
use job_engine::testing::drain_with;
use job_engine::{Attempt, Client, Job, JobError, NewJob, Registry, ServerOptions};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Import {
    file: u32,
}

impl Job for Import {
    const NAME: &'static str = "import";
    type Context = ();

    async fn run(&self, (): &(), attempt: &Attempt) -> Result<(), JobError> {
        let tenant = attempt.tenant.as_deref().unwrap_or("nobody");
        println!("file {} of {tenant}, {:?}", self.file, attempt.tags);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(MemoryStorage::new());
    let client = Client::new(memory.clone());
    for file in 1..=4 {
        let job = NewJob::of(&Import { file })?;
        client
            .submit(job.for_tenant("acme")?.tagged(["nightly"])?)
            .await?;
    }
    let late = NewJob::of(&Import { file: 5 })?.for_tenant("globex")?;
    client.submit(late.tagged(["nightly", "urgent"])?).await?;

    // One worker, so that the order is seen: Globex does not wait for all of Acme's.
    let options = ServerOptions {
        workers: 1,
        ..ServerOptions::default()
    };
    let registry = Registry::default().with::<Import>();
    drain_with(client.storage(), registry, Arc::new(()), options).await;

    let of_acme = all_that(Test::Tenant(vec!["acme".to_owned()]));
    println!("{} jobs are Acme's", memory.count(&of_acme, 1000).await?);
    let urgent = all_that(Test::Tag(vec!["urgent".to_owned()]));
    println!("{} is urgent", memory.count(&urgent, 1000).await?);
    Ok(())
}

fn all_that(test: Test) -> JobQuery {
    let negated = false;
    JobQuery {
        conditions: vec![Condition { test, negated }],
        ..JobQuery::default()
    }
}
