//! The same random calls on memory, SQLite and PostgreSQL are answered alike and leave the same
//! jobs, states and histories behind.

mod answers;
mod recurring;
mod script;
mod steps;

use std::sync::Arc;

use job_engine::storage::SharedStorage;
use job_engine::storage::memory::MemoryStorage;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};

use crate::place::Place;
use crate::settings;
use answers::{answer, remains};
use script::Script;
use steps::{Step, step};

#[test]
fn all_storages_tell_the_same_history() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let config = Config {
        cases: settings::cases(),
        failure_persistence: None,
        ..Config::default()
    };
    proptest!(config, |(steps in vec(step(), 1..60))| {
        runtime.block_on(compare(steps))?;
    });
}

async fn compare(steps: Vec<Step>) -> TestCaseResult {
    let folder = tempfile::tempdir().expect("a folder is made");
    let places = [
        Place::sqlite(folder.path()).await,
        Place::postgres(&settings::postgres()).await,
    ];
    let storages = storages(&places).await;
    let mut script = Script::default();
    let steps = [Step::Announce, Step::Announce].into_iter().chain(steps);

    for step in steps {
        let call = script.call(step);
        let (expected, leases) = answer(&storages[0], &call).await;
        for other in &storages[1..] {
            let (answer, _) = answer(other, &call).await;
            prop_assert_eq!(
                &answer,
                &expected,
                "{:?} answers {:?} otherwise",
                other,
                call
            );
        }
        script.leases.extend(leases);
    }

    let expected = remains(&storages[0], &script).await;
    for other in &storages[1..] {
        let remains = remains(other, &script).await;
        prop_assert_eq!(&remains, &expected, "{:?} holds something else", other);
    }
    Ok(())
}

async fn storages(places: &[Place]) -> Vec<SharedStorage> {
    let mut storages: Vec<SharedStorage> = vec![Arc::new(MemoryStorage::new())];
    for place in places {
        storages.push(place.storage().await.expect("the database answers"));
    }
    storages
}
