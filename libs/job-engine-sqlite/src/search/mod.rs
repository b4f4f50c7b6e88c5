//! The dashboard's searches: which jobs are looked through, in which order, and when that is enough.

mod statement;

use std::cmp::Reverse;
use std::time::Duration;

use job_engine::State;
use job_engine::storage::{Condition, Cursor, JobId, JobQuery, StorageError, Test};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use tokio::try_join;
use uuid::Uuid;

use self::statement::Statement;
use crate::convert::{column, timestamp, unavailable};

const COLUMNS: &str = "
select id, kind, queue, priority, tenant, tags, batch, state, reason, enqueue_reason, attempts,
  abandoned, arguments, version, server, error, duration, created_at, changed_at, due_at
from job_engine_jobs ";

const CHANGES: &str = "
select id, changed_at from job_engine_jobs ";

/// How many of the newest jobs of a state are looked through, a few and then more, before all are, unless
/// a name leads to them.
const FEW: usize = 1_000;
const MANY: usize = 10_000;

/// So many rows are read in the order of an index sooner than the whole table is from end to end.
const NAMED: u64 = 30_000;

const ENDS: &str = "
select (select min(id) from job_engine_jobs), (select max(id) from job_engine_jobs)";

/// After which time without a search its connections are closed.
const IDLE: Duration = Duration::from_mins(1);

/// The newest jobs that match: at least `limit` if there are as many, in no order.
pub(crate) async fn list(
    pool: &SqlitePool,
    deep: &SqlitePool,
    query: &JobQuery,
    limit: usize,
) -> Result<Vec<SqliteRow>, StorageError> {
    let wanted = Wanted {
        query,
        columns: Columns::All,
        limit,
    };
    find(pool, deep, wanted).await
}

/// Where the newest jobs that match stand in a list, newest first.
pub(crate) async fn changes(
    pool: &SqlitePool,
    deep: &SqlitePool,
    query: &JobQuery,
    limit: usize,
) -> Result<Vec<Cursor>, StorageError> {
    let wanted = Wanted {
        query,
        columns: Columns::Changes,
        limit,
    };
    let mut changes = Vec::new();
    for row in &find(pool, deep, wanted).await? {
        changes.push(Cursor {
            changed_at: timestamp(column(row, "changed_at")?)?,
            id: JobId(column(row, "id")?),
        });
    }
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

#[derive(Clone, Copy)]
enum Columns {
    All,
    /// Where a job stands in a list; indexes know that.
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

/// What is rare is found quicker by reading the table from end to end than by following an index to
/// each of many rows; all states that are left are read at once.
async fn find(
    pool: &SqlitePool,
    deep: &SqlitePool,
    wanted: Wanted<'_>,
) -> Result<Vec<SqliteRow>, StorageError> {
    let states = wanted.query.states();
    if let Some(first) = first_of_few(pool, wanted.query).await? {
        let from = Statement::all(wanted, &states, (">=", first));
        return from.fetch(pool).await;
    }

    let mut found = Vec::new();
    let mut uncommon = Vec::new();
    for state in states {
        match newest(pool, wanted, state).await? {
            Newest::Jobs(jobs) => found.extend(jobs),
            Newest::TooFew(among_few) => uncommon.push((state, among_few)),
        }
    }
    if !uncommon.is_empty() {
        found.extend(uncommon_of(pool, deep, wanted, uncommon).await?);
    }
    Ok(found)
}

/// Of states whose few newest are not enough, of which so many match.
async fn uncommon_of(
    pool: &SqlitePool,
    deep: &SqlitePool,
    wanted: Wanted<'_>,
    states: Vec<(State, usize)>,
) -> Result<Vec<SqliteRow>, StorageError> {
    let mut found = Vec::new();
    if names_few(pool, wanted.query, &states).await? {
        for (state, _) in states {
            found.extend(Statement::named(wanted, state).fetch(pool).await?);
        }
        return Ok(found);
    }

    let mut rare = Vec::new();
    for (state, among_few) in states {
        if among_few * (MANY / FEW) < wanted.limit {
            rare.push(state);
            continue;
        }
        match newest_among(pool, wanted, state, MANY).await? {
            Newest::Jobs(jobs) => found.extend(jobs),
            Newest::TooFew(_) => rare.push(state),
        }
    }
    if !rare.is_empty() {
        found.extend(all(deep, wanted, &rare).await?);
    }
    Ok(found)
}

/// The first of the ids among which a query looks, if so few jobs have one of them that their rows are
/// read sooner than an index of a state.
async fn first_of_few(pool: &SqlitePool, query: &JobQuery) -> Result<Option<Uuid>, StorageError> {
    let ids = query
        .conditions
        .iter()
        .find_map(|condition| match &condition.test {
            Test::Id(ids) if !condition.negated => Some(ids),
            _ => None,
        });
    let Some(ids) = ids else {
        return Ok(None);
    };
    let (first, last) = (ids.start().0, ids.end().0);
    let so_many = Statement::with_ids(first, last, FEW).count(pool).await?;
    Ok((so_many < FEW as u64).then_some(first))
}

/// Whether so few jobs are of the kinds or queues that a query names that their rows are read sooner
/// than all.
async fn names_few(
    pool: &SqlitePool,
    query: &JobQuery,
    states: &[(State, usize)],
) -> Result<bool, StorageError> {
    let Some(names) = names_alone(query) else {
        return Ok(false);
    };
    let mut few = NAMED;
    for (state, _) in states {
        let so_many = Statement::counting(&names, *state, few).count(pool).await?;
        few = few.saturating_sub(so_many);
        if few == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the whole table, in two halves at the same time.
async fn all(
    deep: &SqlitePool,
    wanted: Wanted<'_>,
    states: &[State],
) -> Result<Vec<SqliteRow>, StorageError> {
    let Some(middle) = middle(deep).await? else {
        return Ok(Vec::new());
    };
    let half = |comparison| Statement::all(wanted, states, (comparison, middle)).fetch(deep);
    let (mut older, newer) = try_join!(half("<"), half(">="))?;
    older.extend(newer);
    Ok(older)
}

/// An id with about as many jobs before it as after it, if they came evenly; `None` without any job.
async fn middle(pool: &SqlitePool) -> Result<Option<Uuid>, StorageError> {
    let ends: (Option<Uuid>, Option<Uuid>) = sqlx::query_as(ENDS)
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    let (Some(first), Some(last)) = ends else {
        return Ok(None);
    };
    let (first, last) = (first.as_u128(), last.as_u128());
    Ok(Some(Uuid::from_u128(
        first + last.saturating_sub(first) / 2,
    )))
}

/// Connections to read the whole table with, beside the application's pool: they look at the file
/// in memory, as copying its pages takes longer than looking at them.
pub(crate) fn deep(options: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(2)
        .idle_timeout(IDLE)
        .connect_lazy_with(options.clone().pragma("mmap_size", "2147483648"))
}

/// What is found of one state.
enum Newest {
    /// All that are wanted, or all that there are.
    Jobs(Vec<SqliteRow>),
    /// There may be more behind the newest, of which only so many match.
    TooFew(usize),
}

/// The newest of one state, if an index leads to them or they are common.
async fn newest(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    state: State,
) -> Result<Newest, StorageError> {
    let Wanted { query, limit, .. } = wanted;
    if Path::to(query, state) == Path::Rows {
        return newest_among(pool, wanted, state, FEW).await;
    }
    let all = match wanted.columns {
        Columns::All => Statement::newest(wanted, state, None),
        Columns::Changes => Statement::newest_known(query, state, limit),
    };
    all.fetch(pool).await.map(Newest::Jobs)
}

/// Those of the newest of a state, by time, that match.
async fn newest_among(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    state: State,
    most: usize,
) -> Result<Newest, StorageError> {
    let among = Statement::newest(wanted, state, Some(most));
    let found = among.fetch(pool).await?;
    if found.len() >= wanted.limit {
        return Ok(Newest::Jobs(found));
    }
    let so_many = Statement::newest_of(wanted.query, state, most);
    if so_many.count(pool).await? < most as u64 {
        return Ok(Newest::Jobs(found));
    }
    Ok(Newest::TooFew(found.len()))
}

/// How many jobs match, counted up to `most`.
pub(crate) async fn count(
    pool: &SqlitePool,
    query: &JobQuery,
    most: u64,
) -> Result<u64, StorageError> {
    if first_of_few(pool, query).await?.is_some() {
        return Statement::counting_all(query, most).count(pool).await;
    }

    let mut total = 0;
    for state in query.states() {
        if total < most {
            let matching = Statement::counting(query, state, most - total);
            total += matching.count(pool).await?;
        }
    }
    Ok(total)
}

/// How the jobs of a state that match are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// An index leads to them, or knows all that is asked.
    Index,
    /// The rows are read.
    Rows,
}

impl Path {
    fn to(query: &JobQuery, state: State) -> Self {
        let conditions = &query.conditions;
        let by_index = conditions.iter().any(is_of_few)
            || index_knows(query, state)
            || names_one(query) && conditions.iter().all(is_known_by_name);
        if by_index { Self::Index } else { Self::Rows }
    }
}

/// Whether the index that has a state's jobs in the order of a page knows all that is asked.
fn index_knows(query: &JobQuery, state: State) -> bool {
    let is_known = |condition: &Condition| match &condition.test {
        Test::State(_) | Test::Changed(_) | Test::Retry => true,
        Test::Kind(_) | Test::Queue(_) => !state.is_final(),
        _ => false,
    };
    query.conditions.iter().all(is_known)
}

fn is_of_few(condition: &Condition) -> bool {
    let has_index = matches!(
        condition.test,
        Test::Id(_) | Test::Batch(_) | Test::ErrorGroup(_)
    );
    has_index && !condition.negated
}

/// Whether a single kind or queue is named, along which an index has the order of a page.
fn names_one(query: &JobQuery) -> bool {
    let is_one = |condition: &Condition| match &condition.test {
        Test::Kind(values) | Test::Queue(values) => values.len() == 1 && !condition.negated,
        _ => false,
    };
    query.kind.is_some() || query.queue.is_some() || query.conditions.iter().any(is_one)
}

fn is_known_by_name(condition: &Condition) -> bool {
    matches!(
        condition.test,
        Test::State(_) | Test::Changed(_) | Test::Retry | Test::Kind(_) | Test::Queue(_)
    )
}

/// What a query says of kinds and queues, if it names any: an index leads to their jobs.
fn names_alone(query: &JobQuery) -> Option<JobQuery> {
    let mut names = query.clone();
    names.conditions.retain(is_named);
    let any = names.kind.is_some() || names.queue.is_some() || !names.conditions.is_empty();
    any.then_some(names)
}

fn is_named(condition: &Condition) -> bool {
    matches!(condition.test, Test::Kind(_) | Test::Queue(_)) && !condition.negated
}
