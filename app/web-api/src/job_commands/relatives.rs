//! Who a job waits for and who waits for it, line by line.

use std::fmt::Write;

use job_engine_dashboard::Relative;

/// How many of a kind are printed. Each of them is looked up.
pub const MOST_SHOWN: usize = 100;

/// What a job runs after.
pub fn parents(parents: &[Relative]) -> String {
    let mut text = String::new();
    for parent in parents {
        let _ = writeln!(text, "continues  {}", told(parent));
    }
    text
}

/// The jobs that run after a job or a batch.
pub fn children(children: &[Relative]) -> String {
    let mut text = String::new();
    for child in children {
        let _ = writeln!(text, "before     {}", told(child));
    }
    text
}

fn told(relative: &Relative) -> String {
    let state = relative.state();
    let state = state.map_or("not stored any more", |state| state.name());
    match relative {
        Relative::Job(id, Some(job)) => format!("{id}  {state:<10}  {}", job.kind),
        Relative::Job(id, None) => format!("{id}  {state}"),
        Relative::Batch(id, _) => format!("batch {id}  {state}"),
    }
}
