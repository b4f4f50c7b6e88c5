//! A job that leaves a result, and one whose arguments were stored by an older program.
//! Run with `cargo run -p job-engine --example results`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, JobId, NewJob, Registry, Server};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Counts the words of some texts. In version 1 it had one `text`.
#[derive(Serialize, Deserialize)]
struct CountWords {
    texts: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Counted {
    words: usize,
}

impl Job for CountWords {
    const NAME: &'static str = "count_words";
    const VERSION: u32 = 2;
    type Context = ();

    fn upgrade(_from: u32, arguments: Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let text = arguments.get("text").ok_or("there is no text")?;
        Ok(json!({ "texts": [text] }))
    }

    async fn run(&self, (): &(), attempt: &Attempt) -> Result<(), JobError> {
        let words = |text: &String| text.split_whitespace().count();
        let words = self.texts.iter().map(words).sum();
        attempt.leave_result(&Counted { words })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());
    let old = NewJob::of_kind("count_words", r#"{"text":"the quick brown fox"}"#);
    let old = client.submit(old).await?;
    let texts = ["jumps over", "the lazy dog"].map(str::to_owned).to_vec();
    let new = client.enqueue(&CountWords { texts }).await?;

    let registry = Registry::default().with::<CountWords>();
    let server = Server::new(storage, registry, Arc::new(())).start().await?;
    for (name, id) in [("version 1", old), ("version 2", new)] {
        println!("{name}: {} words", result(&client, id).await?.words);
    }
    server.stop().await;
    Ok(())
}

/// Looks until it is there.
async fn result(client: &Client, id: JobId) -> Result<Counted, Box<dyn Error>> {
    loop {
        if let Some(counted) = client.result(id).await? {
            return Ok(counted);
        }
        sleep(Duration::from_millis(10)).await;
    }
}
