//! The memory storage is a storage like any other.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use job_engine::storage::memory::MemoryStorage;

job_engine::storage_conformance!(Arc::new(MemoryStorage::new()));

#[test]
fn the_suite_leaves_no_behaviour_out() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/conformance");
    let list = fs::read_to_string(suite.join("mod.rs")).expect("the list can be read");
    let mut behaviours = 0;

    for topic in fs::read_dir(&suite).expect("the suite is a folder") {
        let topic = topic.expect("the folder can be read").path();
        let source = fs::read_to_string(&topic).expect("a topic can be read");
        for line in source.lines() {
            let Some(rest) = line.strip_prefix("pub async fn ") else {
                continue;
            };
            let name = rest.split('(').next().expect("a function has a name");
            assert!(list.contains(&format!("{name},")), "{name} is not listed");
            behaviours += 1;
        }
    }

    assert!(behaviours > 80, "only {behaviours} behaviours were found");
}
