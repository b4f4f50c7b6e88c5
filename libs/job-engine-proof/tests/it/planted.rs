//! Faults that are planted on purpose: each one must be found. The engine itself is left alone; who
//! uses it does so wrongly, or the database is sabotaged.

use std::time::Duration;

use job_engine_proof::Violation;

use crate::place::Place;
use crate::settings;
use crate::story::{Fault, Story};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// A claim does not raise the epoch, so that an old lease is as good as the new one.
    DoesNotFence,
    /// A handler says that it is done and does the work later.
    AcknowledgesBeforeTheEffect,
    /// A client is told that its jobs are stored before they are.
    AcknowledgesBeforeTheCommit,
    /// What a dead worker held stays with it.
    ForgetsTheJobsOfTheDead,
    /// Nobody is told of new jobs, and nobody looks.
    LosesWakeUps,
    /// Finished jobs are not counted.
    Miscounts,
    /// More jobs of a queue or with a key run at once than may.
    IgnoresLimits,
}

impl Planted {
    const ALL: [Self; 8] = [
        Self::Nothing,
        Self::DoesNotFence,
        Self::AcknowledgesBeforeTheEffect,
        Self::AcknowledgesBeforeTheCommit,
        Self::ForgetsTheJobsOfTheDead,
        Self::LosesWakeUps,
        Self::Miscounts,
        Self::IgnoresLimits,
    ];

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|planted| planted.name() == name);
        found.expect("it is the name of one of them")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_does_not_fence_is_found() {
    let violations = tell(Planted::DoesNotFence, &[Fault::Kill]).await;

    assert_found(&violations, |v| matches!(v, Violation::SharedLease(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_before_the_effect_is_found() {
    let planted = Planted::AcknowledgesBeforeTheEffect;
    let violations = tell(planted, &[Fault::Kill; 8]).await;

    assert_found(&violations, |v| {
        matches!(v, Violation::SucceededWithoutItsEffect(_))
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_before_the_commit_is_found() {
    let violations = tell(Planted::AcknowledgesBeforeTheCommit, &[]).await;

    assert_found(&violations, |v| matches!(v, Violation::Lost(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_stay_with_the_dead_are_found() {
    let violations = tell(Planted::ForgetsTheJobsOfTheDead, &[Fault::Kill]).await;

    assert_found(&violations, |v| matches!(v, Violation::Unfinished(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_wake_up_without_polling_is_found() {
    let violations = tell(Planted::LosesWakeUps, &[]).await;

    assert_found(&violations, |v| matches!(v, Violation::Unfinished(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_that_does_not_count_is_found() {
    let violations = tell(Planted::Miscounts, &[]).await;

    assert_found(&violations, |v| matches!(v, Violation::Miscounted(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_exceeded_is_found() {
    let violations = tell(Planted::IgnoresLimits, &[]).await;

    assert_found(
        &violations,
        |v| matches!(v, Violation::LimitExceeded(queue, ..) if queue == "narrow"),
    );
    assert_found(
        &violations,
        |v| matches!(v, Violation::LimitExceeded(queue, ..) if queue == "keyed"),
    );
    assert_found(&violations, |v| matches!(v, Violation::RateExceeded(..)));
}

async fn tell(planted: Planted, faults: &[Fault]) -> Vec<Violation> {
    let place = Place::postgres(&settings::postgres()).await;
    if let Some(statements) = planted.sabotage() {
        place.sabotage(statements).await;
    }
    let mut story = Story::about(place, faults);
    story.planted = planted;
    story.length = Duration::from_secs(2);
    story.answers = match planted {
        Planted::LosesWakeUps => 20,
        // Of many jobs each.
        Planted::IgnoresLimits => 4,
        _ => 120,
    };
    story.patience = Duration::from_secs(4);
    story.tell().await
}

fn assert_found(violations: &[Violation], is_it: impl Fn(&Violation) -> bool) {
    let found = violations.iter().any(is_it);
    assert!(found, "the planted fault was not found: {violations:?}");
}

impl Planted {
    const fn sabotage(self) -> Option<&'static str> {
        match self {
            Self::DoesNotFence => Some(
                "create function job_engine.keep_epoch() returns trigger language plpgsql as $$
                 begin
                   new.epoch := greatest(old.epoch, 1);
                   return new;
                 end $$;
                 create trigger keep_epoch before update on job_engine.ready
                   for each row execute function job_engine.keep_epoch()",
            ),
            Self::ForgetsTheJobsOfTheDead => Some(
                "create function job_engine.forget() returns trigger language plpgsql as $$
                 begin
                   if new.abandoned > old.abandoned then return null; end if;
                   return new;
                 end $$;
                 create trigger forget before update on job_engine.ready
                   for each row execute function job_engine.forget()",
            ),
            Self::Miscounts => Some(
                "create function job_engine.do_not_count() returns trigger language plpgsql as $$
                 begin return null; end $$;
                 create trigger do_not_count before insert on job_engine.tally
                   for each row execute function job_engine.do_not_count()",
            ),
            Self::IgnoresLimits => Some(
                "create or replace function job_engine.room(
                   of_scope text, of_name text, under job_engine.limits,
                   out free integer, out opens_in bigint
                 ) language plpgsql volatile as $$ begin free := 1000; end $$",
            ),
            _ => None,
        }
    }
}
