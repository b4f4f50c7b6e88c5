use std::ops::RangeInclusive;

use job_engine::State;
use job_engine::storage::{
    ArgumentTest, Cursor, JobQuery, Marks, StorageError, Test, TimeRange, like_pattern,
    literal_part,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use uuid::Uuid;

use super::{Wanted, index_knows};
use crate::convert::{count as to_count, rows, unavailable};

/// A search whose values are all bound.
pub(super) struct Statement(QueryBuilder<Sqlite>);

impl Statement {
    /// The newest of the newest `most` of a state, or of all. Their ids first, which an index knows
    /// of without the rows.
    pub(super) fn newest(wanted: Wanted<'_>, state: State, most: Option<usize>) -> Self {
        Self::along(index(wanted.query, state), wanted, state, most)
    }

    /// The newest of a state, of the kinds or queues that are named.
    pub(super) fn named(wanted: Wanted<'_>, state: State) -> Self {
        Self::along(index_of_names(wanted.query, state), wanted, state, None)
    }

    fn along(index: &str, wanted: Wanted<'_>, state: State, most: Option<usize>) -> Self {
        let Wanted { query, limit, .. } = wanted;
        let mut statement = Self(QueryBuilder::new(wanted.columns.select()));
        statement
            .0
            .push("where id in (select id from job_engine_jobs ")
            .push(index);
        statement.in_state(state);
        statement.after(query.after, changed_at(state));
        if let Some(most) = most {
            statement.page(changed_at(state), most);
            statement.0.push(")");
            statement.matching(query, changed_at(state));
        } else {
            statement.matching(query, changed_at(state));
            statement.page(changed_at(state), limit);
            statement.0.push(")");
        }
        statement.page(changed_at(state), limit);
        statement
    }

    /// Where the newest of a state stand, of which the index knows all that is asked for.
    pub(super) fn newest_known(query: &JobQuery, state: State, limit: usize) -> Self {
        let mut statement = Self(QueryBuilder::new("select id, "));
        statement.0.push(changed_at(state));
        statement.0.push(" as changed_at from job_engine_jobs ");
        statement.0.push(index(query, state));
        statement.in_state(state);
        statement.after(query.after, changed_at(state));
        statement.matching(query, changed_at(state));
        statement.page(changed_at(state), limit);
        statement
    }

    /// Counts no more than the newest `most`.
    pub(super) fn newest_of(query: &JobQuery, state: State, most: usize) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs ",
        ));
        statement.in_state(state);
        statement.after(query.after, changed_at(state));
        statement.at_most(most as u64);
        statement
    }

    /// Of the ids before one or from it on. No index has this order, so none is walked along.
    pub(super) fn all(
        wanted: Wanted<'_>,
        states: &[State],
        (comparison, middle): (&str, Uuid),
    ) -> Self {
        let Wanted { query, limit, .. } = wanted;
        let mut statement = Self(QueryBuilder::new(wanted.columns.select()));
        // Ids first: of many that match, only the newest are read whole.
        statement.0.push("where id in (select id from ");
        statement.rows(query, (comparison, middle));
        statement.after(query.after, "changed_at");
        statement.matching(query, "changed_at");
        // Last, as SQLite asks in this order, and most jobs are in one of them.
        statement.0.push(" and ");
        statement.states(states);
        statement.page("+changed_at", limit);
        statement.0.push(")");
        statement
    }

    /// Those whose marks do not say that they lack an argument; their index is a tenth of the table.
    fn rows(&mut self, query: &JobQuery, (comparison, middle): (&str, Uuid)) {
        let Some(needed) = Marks::needed(query) else {
            self.0.push("job_engine_jobs not indexed where id ");
            self.0.push(comparison).push(" ").push_bind(middle);
            return;
        };
        self.0.push(
            "(select id as marked from job_engine_jobs indexed by job_engine_marks where id ",
        );
        self.0.push(comparison).push(" ").push_bind(middle);
        self.0.push(" and (low_marks is null or ");
        self.has_marks("low_marks", needed.low);
        self.0.push(" and ");
        self.has_marks("high_marks", needed.high);
        self.0
            .push(")) cross join job_engine_jobs not indexed where id = marked");
    }

    fn has_marks(&mut self, marks: &str, needed: i64) {
        self.0.push(marks).push(" & ").push_bind(needed);
        self.0.push(" = ").push_bind(needed);
    }

    /// Counts the jobs with an id from the first to the last, at most so many.
    pub(super) fn with_ids(first: Uuid, last: Uuid, most: usize) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs not indexed where ",
        ));
        statement.ids(first, last);
        statement.at_most(most as u64);
        statement
    }

    /// In all states that the query names, by its ids and not along an index.
    pub(super) fn counting_all(query: &JobQuery, most: u64) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs not indexed where ",
        ));
        statement.states(&query.states());
        statement.matching(query, "changed_at");
        statement.at_most(most);
        statement
    }

    pub(super) fn counting(query: &JobQuery, state: State, most: u64) -> Self {
        let mut statement = Self(QueryBuilder::new(
            "select count(*) from (select 1 from job_engine_jobs ",
        ));
        if is_of_batch(query) || index_knows(query, state) {
            statement.0.push(index(query, state));
        }
        statement.in_state(state);
        statement.matching(query, changed_at(state));
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

    fn states(&mut self, states: &[State]) {
        let names: Vec<String> = states
            .iter()
            .map(|state| format!("'{}'", state.name()))
            .collect();
        self.0.push("state in (").push(names.join(", ")).push(")");
    }

    fn page(&mut self, changed_at: &str, limit: usize) {
        self.0.push(" order by ").push(changed_at);
        self.0.push(" desc, id desc limit ").push_bind(rows(limit));
    }

    fn at_most(&mut self, most: u64) {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.0.push(" limit ").push_bind(most).push(")");
    }

    fn after(&mut self, after: Option<Cursor>, changed_at: &str) {
        if let Some(after) = after {
            self.0.push(" and (").push(changed_at).push(", id) < (");
            self.0.push_bind(after.changed_at.as_microsecond());
            self.0.push(", ").push_bind(after.id.0).push(")");
        }
    }

    fn matching(&mut self, query: &JobQuery, changed_at: &str) {
        if query.retries_only {
            self.0.push(" and attempts > 0");
        }
        self.equals("queue", query.queue.as_ref());
        self.equals("kind", query.kind.as_ref());
        // SQLite asks in this order, so what reads a text comes last.
        let mut conditions: Vec<_> = query.conditions.iter().collect();
        conditions.sort_by_key(|condition| reads_a_text(&condition.test));
        for condition in conditions {
            if let (Test::ErrorGroup(group), false) = (&condition.test, condition.negated) {
                // Only failed jobs are asked, and the index wants to hear nothing more of the state.
                self.0.push(" and error_group = ");
                self.0.push_bind(group.clone());
                continue;
            }
            self.0.push(if condition.negated {
                " and not coalesce("
            } else {
                " and ("
            });
            self.test(&condition.test, changed_at);
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

    fn test(&mut self, asked: &Test, changed_at: &str) {
        match asked {
            Test::State(states) => self.states(states),
            Test::Retry => drop(self.0.push("state = 'Scheduled' and attempts > 0")),
            Test::Queue(queues) => self.any("queue", queues),
            Test::Kind(kinds) => self.any("kind", kinds),
            Test::Tenant(tenants) => self.any("tenant", tenants),
            Test::Tag(tags) => self.tags(tags),
            Test::Batch(batch) => {
                self.0.push("batch = ").push_bind(batch.0);
            }
            Test::Trace(id) => {
                self.0.push("substr(trace, 4, 32) = ").push_bind(id.clone());
            }
            Test::Id(ids) => self.ids(ids.start().0, ids.end().0),
            Test::Created(time) => {
                self.time("created_at", *time);
                if let Some(from) = time.from {
                    // It came into its state later, and there is an index of that.
                    self.0.push(" and ").push(changed_at).push(" >= ");
                    self.0.push_bind(from.as_microsecond());
                }
            }
            Test::Changed(time) => self.time(changed_at, *time),
            Test::Attempts(attempts) => self.attempts(attempts),
            Test::Error(text) => self.error_contains(text),
            Test::Text(text) => {
                self.contains("kind", text);
                self.0.push(" or ");
                self.contains("arguments", text);
                self.0.push(" or ");
                self.error_contains(text);
            }
            Test::ErrorGroup(group) => {
                self.0.push("state = 'Failed' and error_group = ");
                self.0.push_bind(group.clone());
            }
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

    /// Most tags do not even hold the letters of one of these; only the others are read as JSON.
    fn tags(&mut self, tags: &[String]) {
        self.constant(false);
        for tag in tags {
            self.0.push(" or ");
            self.holds_letters("tags", tag);
            self.0
                .push("exists (select 1 from json_each(tags) where value = ");
            self.0.push_bind(tag.clone()).push(")");
        }
    }

    /// Followed by what reads JSON, if the letters are there.
    fn holds_letters(&mut self, column: &str, value: &str) {
        let letters = literal_part(value);
        if !letters.is_empty() {
            // Quicker than `instr`, which compares at every byte.
            self.0.push(column).push(" glob ");
            self.0.push_bind(format!("*{letters}*")).push(" and ");
        }
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
        self.0.push_bind(like_pattern(text)).push(" escape '\\'");
    }

    /// Errors are kept as JSON, so the text is looked for as JSON writes it.
    fn error_contains(&mut self, text: &str) {
        let json = serde_json::Value::from(text).to_string();
        self.contains("error", json.trim_matches('"'));
    }

    /// Most arguments do not even hold the value's letters; only the others are read as JSON.
    fn argument(&mut self, test: &ArgumentTest) {
        self.holds_letters("arguments", &test.value);
        self.0.push("case when json_valid(arguments) then ");
        self.0.push_bind(test.value.clone());
        // What a string says; a number or a word as it is written.
        let path = json_path(&test.path);
        self.0
            .push(" = iif(json_type(arguments, ")
            .push_bind(path.clone());
        self.0
            .push(") = 'text', arguments ->> ")
            .push_bind(path.clone());
        self.0.push(", nullif(arguments -> ").push_bind(path);
        self.0.push(", 'null')) else false end");
    }

    pub(super) async fn fetch(mut self, pool: &SqlitePool) -> Result<Vec<SqliteRow>, StorageError> {
        let found = self.0.build().persistent(false).fetch_all(pool).await;
        found.map_err(unavailable)
    }

    pub(super) async fn count(self, pool: &SqlitePool) -> Result<u64, StorageError> {
        let found = self.fetch(pool).await?;
        let counted = found.first().map_or(Ok(0), |row| row.try_get(0));
        Ok(to_count(counted.map_err(unavailable)?))
    }
}

fn reads_a_text(asked: &Test) -> bool {
    matches!(
        asked,
        Test::Tag(_) | Test::Error(_) | Test::Text(_) | Test::Argument(_)
    )
}

/// The index of the few jobs of a batch.
const OF_BATCH: &str = "indexed by job_engine_of_batch ";

/// The index that knows of jobs that wait by the time of their last change, and their kinds and
/// queues: the planner would rather sort those of a queue.
fn index(query: &JobQuery, state: State) -> &'static str {
    match state {
        _ if is_of_batch(query) => OF_BATCH,
        State::Enqueued => "indexed by job_engine_enqueued ",
        State::Scheduled => "indexed by job_engine_scheduled ",
        _ => "",
    }
}

/// The index of the kinds or queues that a query names: the planner would rather walk along all of the
/// state when there are several.
fn index_of_names(query: &JobQuery, state: State) -> &'static str {
    if !state.is_final() {
        return index(query, state);
    }
    let names_kinds = query.kind.is_some() || asks_for(query, |test| matches!(test, Test::Kind(_)));
    if names_kinds {
        "indexed by job_engine_ended_of_kind "
    } else {
        "indexed by job_engine_ended_of_queue "
    }
}

fn is_of_batch(query: &JobQuery) -> bool {
    asks_for(query, |test| matches!(test, Test::Batch(_)))
}

fn asks_for(query: &JobQuery, is_it: impl Fn(&Test) -> bool) -> bool {
    let mut conditions = query.conditions.iter();
    conditions.any(|one| is_it(&one.test) && !one.negated)
}

/// The time of a job's last change, by the name that its index has.
const fn changed_at(state: State) -> &'static str {
    if state.is_final() {
        "ended_at"
    } else {
        "changed_at"
    }
}

/// `$."user"[0]`: names in quotes, positions in brackets.
fn json_path(path: &[String]) -> String {
    let steps = path.iter().map(|step| match step.parse::<u32>() {
        Ok(position) => format!("[{position}]"),
        Err(_) => format!(".\"{}\"", step.replace('"', "\\\"")),
    });
    format!("${}", steps.collect::<String>())
}
