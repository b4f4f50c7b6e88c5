//! The dashboard's searches: which tables are asked, in which order, and when that is enough.

mod statement;

use std::cmp::Reverse;

use job_engine::State;
use job_engine::storage::{Condition, Cursor, JobId, JobQuery, Marks, StorageError, Test};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use tokio::try_join;

use self::statement::{Reading, Statement};
use crate::convert::{column, count as to_count, timestamp, unavailable};

const COLUMNS: &str = "
select
  id, kind, queue, priority, tenant, tags, batch, state::text, reason, attempts, abandoned, arguments,
  version, server, error, duration,
  (extract(epoch from created_at) * 1000000)::bigint as created_at,
  (extract(epoch from changed_at) * 1000000)::bigint as changed_at,
  (extract(epoch from due_at) * 1000000)::bigint as due_at
from ";

const CHANGES: &str = "
select id, (extract(epoch from changed_at) * 1000000)::bigint as changed_at from ";

/// How many of the newest jobs of a state are looked through, a few and then more, before all are.
const FEW: usize = 1_000;
const MANY: usize = 10_000;

/// The newest jobs that match: at least `limit` if there are as many, in no order.
pub(crate) async fn list(
    pool: &PgPool,
    query: &JobQuery,
    limit: usize,
) -> Result<Vec<PgRow>, StorageError> {
    let wanted = Wanted {
        query,
        columns: Columns::All,
        limit,
    };
    find(pool, wanted).await
}

/// Where the newest jobs that match stand in a list, newest first.
pub(crate) async fn changes(
    pool: &PgPool,
    query: &JobQuery,
    limit: usize,
) -> Result<Vec<Cursor>, StorageError> {
    let wanted = Wanted {
        query,
        columns: Columns::Changes,
        limit,
    };
    let found = find(pool, wanted).await?;
    let cursor = |row| {
        Ok(Cursor {
            changed_at: timestamp(column(row, "changed_at")?)?,
            id: JobId(column(row, "id")?),
        })
    };
    let mut changes = found
        .iter()
        .map(cursor)
        .collect::<Result<Vec<_>, StorageError>>()?;
    changes.sort_unstable_by_key(|change| Reverse((change.changed_at, change.id)));
    changes.truncate(limit);
    Ok(changes)
}

/// What is asked for of the newest jobs that match.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    query: &'a JobQuery,
    columns: Columns,
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    All,
    /// Where a job stands in a list.
    Changes,
}

impl Columns {
    const fn select(self) -> &'static str {
        match self {
            Self::All => COLUMNS,
            Self::Changes => CHANGES,
        }
    }
}

/// What is common in the three tables at the same time; then what is rare.
async fn find(pool: &PgPool, wanted: Wanted<'_>) -> Result<Vec<PgRow>, StorageError> {
    let [ready, waiting, finished] = PLACES.map(|place| newest_in(pool, wanted, place));
    let (ready, waiting, finished) = try_join!(ready, waiting, finished)?;
    let mut found = Vec::new();
    let mut rare = Vec::new();
    for (jobs, states) in [ready, waiting, finished] {
        found.extend(jobs);
        rare.extend(states);
    }

    // All tables at once, as the same two or three processes then share the work evenly. Only of some an
    // index knows, in one table.
    if names_tenants(wanted.query) || Marks::needed(wanted.query).is_some() {
        let (finished, others): (Vec<State>, Vec<State>) =
            rare.into_iter().partition(|state| state.is_final());
        let (finished, others) =
            try_join!(all(pool, wanted, &finished), all(pool, wanted, &others))?;
        found.extend(finished);
        found.extend(others);
    } else {
        found.extend(all(pool, wanted, &rare).await?);
    }
    Ok(found)
}

/// The newest of each state of a table that are common enough, and the states of the others.
async fn newest_in(
    pool: &PgPool,
    wanted: Wanted<'_>,
    place: Place,
) -> Result<(Vec<PgRow>, Vec<State>), StorageError> {
    let mut found = Vec::new();
    let mut rare = Vec::new();
    for state in states_in(place, &wanted.query.states()) {
        match newest(pool, wanted, place, state).await? {
            Some(jobs) => found.extend(jobs),
            None => rare.push(state),
        }
    }
    Ok((found, rare))
}

async fn all(
    pool: &PgPool,
    wanted: Wanted<'_>,
    states: &[State],
) -> Result<Vec<PgRow>, StorageError> {
    if states.is_empty() {
        return Ok(Vec::new());
    }
    run(pool, |reading| Statement::all(wanted, states, reading)).await
}

/// The newest of one state, if an index leads to them. What is common is found among the newest, by
/// time. What is rare is found quicker without an order, and no statistics know which of the two it
/// is.
async fn newest(
    pool: &PgPool,
    wanted: Wanted<'_>,
    place: Place,
    state: State,
) -> Result<Option<Vec<PgRow>>, StorageError> {
    let limit = wanted.limit;
    let among = |most| move |reading| Statement::newest(wanted, place, state, most, reading);
    if !narrows(wanted.query) {
        return run(pool, among(None)).await.map(Some);
    }
    // No index knows when they were claimed.
    if state == State::Processing {
        return Ok(None);
    }

    let mut found = run(pool, among(Some(FEW))).await?;
    if found.len() < limit && found.len() * (MANY / FEW) >= limit {
        found = run(pool, among(Some(MANY))).await?;
    }
    Ok((found.len() >= limit).then_some(found))
}

/// How many jobs match, counted up to `most`.
pub(crate) async fn count(pool: &PgPool, query: &JobQuery, most: u64) -> Result<u64, StorageError> {
    let mut total = 0;
    for place in places(query) {
        let more = most.saturating_sub(total);
        if more > 0 {
            let states = states_in(place, &query.states());
            let count = |reading| Statement::count(query, place, &states, more, reading);
            let found = run(pool, count).await?;
            let counted = found.first().map_or(Ok(0), |row| row.try_get(0));
            total += to_count(counted.map_err(unavailable)?);
        }
    }
    Ok(total)
}

/// A table, as the view `jobs` names it.
pub(crate) type Place = &'static str;

pub(crate) const PLACES: [Place; 3] = ["ready", "waiting", "finished"];

/// Where there may be jobs that match.
pub(crate) fn places(query: &JobQuery) -> Vec<Place> {
    let mut places = PLACES.to_vec();
    places.retain(|place| !states_in(place, &query.states()).is_empty());
    places
}

/// Those of the states whose jobs are kept there.
fn states_in(place: Place, states: &[State]) -> Vec<State> {
    let is_there = |state: &State| match state {
        State::Enqueued | State::Processing => place == "ready",
        State::Scheduled | State::Awaiting => place == "waiting",
        State::Succeeded | State::Failed | State::Deleted => place == "finished",
    };
    states.iter().copied().filter(is_there).collect()
}

/// Whether it finds fewer jobs than there are in a state and at a time.
fn narrows(query: &JobQuery) -> bool {
    let narrows = |condition: &Condition| {
        !matches!(
            condition.test,
            Test::State(_) | Test::Changed(_) | Test::ErrorGroup(_)
        ) || condition.negated
    };
    query.queue.is_some() || query.kind.is_some() || query.conditions.iter().any(narrows)
}

fn names_tenants(query: &JobQuery) -> bool {
    let names_tenants =
        |condition: &Condition| matches!(condition.test, Test::Tenant(_)) && !condition.negated;
    query.conditions.iter().any(names_tenants)
}

async fn run(
    pool: &PgPool,
    statement: impl Fn(Reading) -> Statement,
) -> Result<Vec<PgRow>, StorageError> {
    match statement(Reading::Quick).fetch(pool).await {
        Err(error) if is_odd(&error) => statement(Reading::Careful).fetch(pool).await,
        found => found,
    }
    .map_err(unavailable)
}

/// Whether a job's arguments could not be read as JSON: the class `data exception`.
fn is_odd(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}
