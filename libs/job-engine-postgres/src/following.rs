//! What is to be known before and after others: keys, batches, and who waits for whom.

use job_engine::NewJob;
use job_engine::storage::{JobId, StorageError, reasons};
use job_engine::unique::{Duplicates, Unique};
use sqlx::PgPool;
use uuid::Uuid;

use crate::convert::{delay_micros, unavailable};

/// Each wanted key with the job that holds it, or null. In the order of the keys, as everyone takes
/// several.
pub(crate) const TAKE_KEYS: &str = "
select w.job, job_engine.take_key(
  w.kind, w.key, w.job, string_to_array(w.states, ','), w.hold, w.replacement
) as holder
from (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
    as wanted (job, kind, key, states, hold, replacement)
  order by kind, key
  offset 0
) w";

pub(crate) const JOIN_BATCHES: &str = "
select job_engine.join_batch(b.batch, b.jobs)
from (
  select batch, count(*) as jobs from unnest($1::uuid[]) as joined (batch)
  group by batch
  order by batch
  offset 0
) b";

pub(crate) const AWAIT_PARENTS: &str = "
select job_engine.await_parent(w.child, w.parent)
from (
  select * from unnest($1::uuid[], $2::uuid[]) as waits (child, parent)
  order by parent, child
  offset 0
) w";

const SPREAD_NEWS: &str = "select told, released from job_engine.spread_news($1, $2, $3)";

/// How many news are spread in one transaction.
const MOST_NEWS: i32 = 1000;

/// The keys that jobs want, column by column.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    pub(crate) jobs: Vec<Uuid>,
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) names: Vec<&'a str>,
    pub(crate) states: Vec<String>,
    pub(crate) holds: Vec<Option<i64>>,
    pub(crate) replacements: Vec<Option<&'static str>>,
}

/// Who waits for whom, column by column.
#[derive(Default)]
pub(crate) struct Waits {
    pub(crate) children: Vec<Uuid>,
    pub(crate) parents: Vec<Uuid>,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(jobs: &[&'a NewJob]) -> Self {
        let mut keys = Self::default();
        for job in jobs {
            if let Some(unique) = &job.unique {
                keys.push(job, unique);
            }
        }
        keys
    }

    fn push(&mut self, job: &'a NewJob, unique: &'a Unique) {
        let states: Vec<&str> = unique.states.iter().map(|state| state.name()).collect();
        self.jobs.push(job.id.0);
        self.kinds.push(&job.kind);
        self.names.push(&unique.key);
        self.states.push(states.join(","));
        self.holds.push(unique.within.map(delay_micros));
        self.replacements.push(match unique.duplicate {
            Duplicates::GiveWay => None,
            Duplicates::Replace => Some(reasons::REPLACED),
        });
    }
}

impl Waits {
    pub(crate) fn of(jobs: &[&NewJob]) -> Self {
        let mut waits = Self::default();
        for job in jobs {
            let parents = job.continuation.iter().flat_map(|it| &it.parents);
            for parent in parents {
                waits.children.push(job.id.0);
                waits.parents.push(parent.id());
            }
        }
        waits
    }
}

pub(crate) fn batches(jobs: &[&NewJob]) -> Vec<Uuid> {
    jobs.iter()
        .filter_map(|job| job.batch)
        .map(|batch| batch.0)
        .collect()
}

/// Tells batches and those who wait of everything that has ended; answers whether any job may run
/// now.
pub(crate) async fn spread_news(pool: &PgPool) -> Result<bool, StorageError> {
    let mut any = false;
    loop {
        let (told, released): (i32, i32) = sqlx::query_as(SPREAD_NEWS)
            .bind(MOST_NEWS)
            .bind(reasons::PARENTS_ENDED)
            .bind(reasons::CONDITION_NOT_MET)
            .fetch_one(pool)
            .await
            .map_err(unavailable)?;
        any |= released > 0;
        if told == 0 {
            return Ok(any);
        }
    }
}

/// The duplicates among answers to [`TAKE_KEYS`].
pub(crate) fn duplicates(
    answers: impl IntoIterator<Item = (Uuid, Option<Uuid>)>,
) -> Vec<job_engine::Duplicate> {
    let duplicate = |(job, holder): (Uuid, Option<Uuid>)| {
        Some(job_engine::Duplicate {
            job: JobId(job),
            of: JobId(holder?),
        })
    };
    answers.into_iter().filter_map(duplicate).collect()
}
