//! The dashboard's searches: a typed query becomes a statement whose values are all bound.

use std::ops::RangeInclusive;

use job_engine::State;
use job_engine::storage::{
    ArgumentTest, Condition, Cursor, JobQuery, StorageError, Test, TimeRange,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use uuid::Uuid;

use crate::convert::{count as to_count, rows, unavailable};

const COLUMNS: &str = "
select id, kind, queue, priority, tenant, tags, batch, state, reason, enqueue_reason, attempts,
  abandoned, arguments, version, server, error, duration, created_at, changed_at, due_at
from job_engine_jobs ";

/// How many of the newest jobs of a state are looked through before the whole table is.
const NEWEST: usize = 20_000;

/// The newest jobs of one state that match.
pub(crate) async fn list(
    pool: &SqlitePool,
    query: &JobQuery,
    state: State,
    limit: usize,
) -> Result<Vec<SqliteRow>, StorageError> {
    if !state.is_final() || !reads_rows(query) {
        return Statement::whole(query, state, limit).fetch(pool).await;
    }

    // What is common is found among the newest, by time. What is rare is found quicker by reading
    // the table from end to end than by following an index to each of its rows.
    let newest = Statement::newest(query, state, limit).fetch(pool).await?;
    if newest.len() >= limit || Statement::newest_of(state).count(pool).await? < NEWEST as u64 {
        return Ok(newest);
    }
    Statement::rare(query, state, limit).fetch(pool).await
}

/// How many jobs of one state match, counted up to `most`.
pub(crate) async fn count(
    pool: &SqlitePool,
    query: &JobQuery,
    state: State,
    most: u64,
) -> Result<u64, StorageError> {
    Statement::counting(query, state, most).count(pool).await
}

/// Whether no index leads to the jobs that match.
fn reads_rows(query: &JobQuery) -> bool {
    let leads = |condition: &Condition| {
        !condition.negated
            && matches!(
                condition.test,
                Test::Kind(_) | Test::Queue(_) | Test::Id(_) | Test::ErrorGroup(_)
            )
    };
    query.kind.is_none()
        && query.queue.is_none()
        && !query.conditions.is_empty()
        && !query.conditions.iter().any(leads)
}

struct Statement(QueryBuilder<Sqlite>);

impl Statement {
    fn whole(query: &JobQuery, state: State, limit: usize) -> Self {
        let mut statement = Self(QueryBuilder::new(COLUMNS));
        statement.in_state(state);
        statement.after(query.after, state);
        statement.matching(query, state);
        statement.page(state, limit);
        statement
    }

    fn newest(query: &JobQuery, state: State, limit: usize) -> Self {
        let mut statement = Self(QueryBuilder::new(COLUMNS));
        statement
            .0
            .push("where id in (select id from job_engine_jobs ");
        statement.in_state(state);
        statement.after(query.after, state);
        statement.page(state, NEWEST);
        statement.0.push(")");
        statement.matching(query, state);
        statement.page(state, limit);
        statement
    }

    /// Counts no more than the newest.
    fn newest_of(state: State) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs ",
        ));
        statement.in_state(state);
        statement.at_most(NEWEST as u64);
        statement
    }

    fn rare(query: &JobQuery, state: State, limit: usize) -> Self {
        let mut statement = Self(QueryBuilder::new(COLUMNS));
        statement.0.push("not indexed ");
        statement.in_state(state);
        statement.after(query.after, state);
        statement.matching(query, state);
        statement.page(state, limit);
        statement
    }

    fn counting(query: &JobQuery, state: State, most: u64) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs ",
        ));
        statement.in_state(state);
        statement.matching(query, state);
        statement.at_most(most);
        statement
    }

    /// A literal, as a partial index is only used when the statement names its state.
    fn in_state(&mut self, state: State) {
        self.0.push("where state = '").push(state.name()).push("'");
        if state.is_final() {
            self.0.push(" and ended_at is not null");
        }
    }

    fn page(&mut self, state: State, limit: usize) {
        self.0.push(" order by ").push(changed_at(state));
        self.0.push(" desc, id desc limit ").push_bind(rows(limit));
    }

    fn at_most(&mut self, most: u64) {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.0.push(" limit ").push_bind(most).push(")");
    }

    fn after(&mut self, after: Option<Cursor>, state: State) {
        if let Some(after) = after {
            self.0
                .push(" and (")
                .push(changed_at(state))
                .push(", id) < (");
            self.0.push_bind(after.changed_at.as_microsecond());
            self.0.push(", ").push_bind(after.id.0).push(")");
        }
    }

    fn matching(&mut self, query: &JobQuery, state: State) {
        if query.retries_only {
            self.0.push(" and attempts > 0");
        }
        self.equals("queue", query.queue.as_ref());
        self.equals("kind", query.kind.as_ref());
        for condition in &query.conditions {
            self.0.push(if condition.negated {
                " and not coalesce("
            } else {
                " and ("
            });
            self.test(&condition.test, state);
            self.0
                .push(if condition.negated { ", false)" } else { ")" });
        }
    }

    fn equals(&mut self, column: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.0.push(" and ").push(column).push(" = ");
            self.0.push_bind(value.clone());
        }
    }

    fn test(&mut self, asked: &Test, state: State) {
        match asked {
            Test::State(states) => self.constant(states.contains(&state)),
            Test::Retry if state == State::Scheduled => drop(self.0.push("attempts > 0")),
            Test::Queue(queues) => self.any("queue", queues),
            Test::Kind(kinds) => self.any("kind", kinds),
            Test::Tenant(tenants) => self.any("tenant", tenants),
            Test::Tag(tags) => {
                self.0.push("exists (select 1 from json_each(tags) where ");
                self.any("value", tags);
                self.0.push(")");
            }
            Test::Id(ids) => self.ids(ids.start().0, ids.end().0),
            Test::Created(time) => self.time("created_at", *time),
            Test::Changed(time) => self.time("changed_at", *time),
            Test::Attempts(attempts) => self.attempts(attempts),
            Test::Error(text) => self.error_contains(text),
            Test::Text(text) => {
                self.contains("kind", text);
                self.0.push(" or ");
                self.contains("arguments", text);
                self.0.push(" or ");
                self.error_contains(text);
            }
            Test::ErrorGroup(group) if state == State::Failed => {
                self.0
                    .push("error ->> '$.group' = ")
                    .push_bind(group.clone());
            }
            Test::Retry | Test::ErrorGroup(_) => self.constant(false),
            Test::Argument(test) => self.argument(test),
        }
    }

    fn constant(&mut self, holds: bool) {
        self.0.push(if holds { "true" } else { "false" });
    }

    fn any(&mut self, column: &str, values: &[String]) {
        self.0.push(column).push(" in (");
        for (index, value) in values.iter().enumerate() {
            self.0.push(if index == 0 { "" } else { ", " });
            self.0.push_bind(value.clone());
        }
        self.0.push(")");
    }

    fn ids(&mut self, first: Uuid, last: Uuid) {
        self.0.push("id between ").push_bind(first);
        self.0.push(" and ").push_bind(last);
    }

    fn time(&mut self, column: &str, time: TimeRange) {
        self.constant(true);
        for (comparison, end) in [(" >= ", time.from), (" < ", time.until)] {
            if let Some(end) = end {
                self.0.push(" and ").push(column).push(comparison);
                self.0.push_bind(end.as_microsecond());
            }
        }
    }

    fn attempts(&mut self, attempts: &RangeInclusive<u32>) {
        self.0
            .push("attempts between ")
            .push_bind(*attempts.start());
        self.0.push(" and ").push_bind(*attempts.end());
    }

    fn contains(&mut self, column: &str, text: &str) {
        self.0.push("coalesce(").push(column).push(", '') like ");
        self.0.push_bind(pattern(text)).push(" escape '\\'");
    }

    /// Errors are kept as JSON, so the text is looked for as JSON writes it.
    fn error_contains(&mut self, text: &str) {
        let json = serde_json::Value::from(text).to_string();
        self.contains("error", json.trim_matches('"'));
    }

    /// Most arguments do not even hold the value's letters; only the others are read as JSON.
    fn argument(&mut self, test: &ArgumentTest) {
        let letters = test.literal_part();
        if !letters.is_empty() {
            self.0
                .push("instr(arguments, ")
                .push_bind(letters.to_owned());
            self.0.push(") and ");
        }
        self.0.push("case when json_valid(arguments) then ");
        self.0.push_bind(test.value.clone());
        // What a string says; a number or a word as it is written.
        let path = json_path(&test.path);
        self.0
            .push(" in (cast(arguments ->> ")
            .push_bind(path.clone());
        self.0
            .push(" as text), nullif(arguments -> ")
            .push_bind(path);
        self.0.push(", 'null')) else false end");
    }

    async fn fetch(mut self, pool: &SqlitePool) -> Result<Vec<SqliteRow>, StorageError> {
        let found = self.0.build().persistent(false).fetch_all(pool).await;
        found.map_err(unavailable)
    }

    async fn count(self, pool: &SqlitePool) -> Result<u64, StorageError> {
        let found = self.fetch(pool).await?;
        let counted = found.first().map_or(Ok(0), |row| row.try_get(0));
        Ok(to_count(counted.map_err(unavailable)?))
    }
}

/// The time of a job's last change, by the name that its index has.
const fn changed_at(state: State) -> &'static str {
    if state.is_final() {
        "ended_at"
    } else {
        "changed_at"
    }
}

/// For `like`: the text anywhere, letter by letter.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// `$."user"[0]`: names in quotes, positions in brackets.
fn json_path(path: &[String]) -> String {
    let steps = path.iter().map(|step| match step.parse::<u32>() {
        Ok(position) => format!("[{position}]"),
        Err(_) => format!(".\"{}\"", step.replace('"', "\\\"")),
    });
    format!("${}", steps.collect::<String>())
}
