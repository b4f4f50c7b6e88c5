use std::ops::RangeInclusive;

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{
    ArgumentTest, Condition, Cursor, JobQuery, Marks, Test, TimeRange, like_pattern, literal_part,
};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Columns, PLACES, Place, Wanted, names_tenants, states_in};
use crate::convert::rows;
use crate::transaction::begin_with;

/// The first day of the year 1, in microseconds: PostgreSQL's time begins later than jiff's.
const OLDEST: i64 = -62_135_596_800_000_000;

/// To translate a plan into machine code takes longer than to carry it out, and processes that help
/// to read a table are worth their start.
const TOGETHER: &str = "begin; set local jit = off; set local parallel_setup_cost = 0";

/// An index knows which parts of the table may hold jobs of a tenant, and costs next to nothing to ask.
/// PostgreSQL thinks that it leads everywhere.
const BY_TENANTS: &str = "begin; set local jit = off; set local parallel_setup_cost = 0; \
  set local enable_seqscan = off";

/// To walk along an index, they are not.
const ALONE: &str = "begin; set local jit = off; set local max_parallel_workers_per_gather = 0; \
  set local enable_bitmapscan = off; set local enable_sort = off";

/// How the arguments of jobs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Fails at the first job whose arguments are no JSON to PostgreSQL.
    Quick,
    Careful,
}

/// A search whose values are all bound.
pub(super) struct Statement {
    sql: QueryBuilder<Postgres>,
    reading: Reading,
    begin: &'static str,
}

impl Statement {
    /// The newest of the newest `most` of a state, or of all.
    pub(super) fn newest(
        wanted: Wanted<'_>,
        place: Place,
        state: State,
        most: Option<usize>,
        reading: Reading,
    ) -> Self {
        let Wanted { query, limit, .. } = wanted;
        let mut statement = Self::starting(wanted.columns.select(), reading);
        // No index knows which jobs run.
        if state != State::Processing {
            statement.begin = ALONE;
        }
        if state == State::Enqueued {
            statement.enqueued(query, limit, most);
        } else if let Some(most) = most {
            statement.sql.push("(select * from job_engine.jobs as job");
            statement.place(place, &[state]);
            statement.after(query.after, changed_at(state));
            statement.page(changed_at(state), most);
            statement.sql.push(") as job where true");
        } else {
            statement.sql.push("job_engine.jobs as job");
            statement.place(place, &[state]);
            statement.after(query.after, changed_at(state));
        }
        statement.matching(query, changed_at(state));
        statement.page(changed_at(state), limit);
        statement
    }

    /// Those that were stored by copies, and all others, which an index knows: the newest `most` of both,
    /// or those that match.
    fn enqueued(&mut self, query: &JobQuery, limit: usize, most: Option<usize>) {
        if most.is_some() {
            self.sql.push("(select * from ");
        }
        self.sql.push("((select * from job_engine.jobs as job");
        self.place("ready", &[State::Enqueued]);
        self.sql.push(" and (copied is null or stages > 0)");
        self.newest_of(query, changed_at(State::Enqueued), limit, most);

        self.sql
            .push(") union all (select job.* from job_engine.copies as copy cross join lateral (");
        self.sql.push("select * from job_engine.jobs as job");
        self.place("ready", &[State::Enqueued]);
        self.sql
            .push(" and copied = copy.number and stages = 0 and enqueued_at = copy.at");
        self.sql
            .push(" and job.id between copy.lowest and copy.highest");
        if let Some(after) = query.after {
            // The key leads to the place in a large copy, as it could not by time and id.
            self.sql.push(" and job.id <= case when copy.at = ");
            self.moment(after.changed_at);
            self.sql.push(" then ").push_bind(after.id.0);
            self.sql.push(" else copy.highest end");
        }
        self.newest_of(query, COPIED_AT, limit, most);
        self.sql.push(") as job where true");
        if let Some(after) = query.after {
            self.sql.push(" and copy.at <= ");
            self.moment(after.changed_at);
        }
        self.page(COPIED_AT, most.unwrap_or(limit));

        self.sql.push(")) as job");
        if let Some(most) = most {
            self.page(changed_at(State::Enqueued), most);
            self.sql.push(") as job");
        }
        self.sql.push(" where true");
    }

    /// The newest `most` of them, or those that match.
    fn newest_of(&mut self, query: &JobQuery, changed_at: &str, limit: usize, most: Option<usize>) {
        self.after(query.after, changed_at);
        if most.is_none() {
            self.matching(query, changed_at);
        }
        self.page(changed_at, most.unwrap_or(limit));
    }

    pub(super) fn all(wanted: Wanted<'_>, states: &[State], reading: Reading) -> Self {
        match wanted.columns {
            // Of many that match, only the newest are read whole.
            Columns::All => {
                let mut statement =
                    Self::starting("with found as materialized (select id from ", reading);
                statement.all_of(wanted, states);
                statement.sql.push(")").push(Columns::All.select());
                statement
                    .sql
                    .push("job_engine.jobs as job where id in (select id from found)");
                statement
            }
            Columns::Changes => {
                let mut statement = Self::starting(Columns::Changes.select(), reading);
                statement.all_of(wanted, states);
                statement
            }
        }
    }

    fn all_of(&mut self, wanted: Wanted<'_>, states: &[State]) {
        let Wanted { query, limit, .. } = wanted;
        if names_tenants(query) && are_final(states) {
            self.begin = BY_TENANTS;
        }
        self.jobs(query, states);
        self.sql.push(" where (");
        for (index, (place, states)) in by_place(states).iter().enumerate() {
            self.sql.push(if index == 0 { "" } else { " or " });
            self.in_place(place, states);
        }
        self.sql.push(")");
        self.after(query.after, CHANGED_AT);
        self.matching(query, CHANGED_AT);
        // No index has this order, so none is walked along.
        self.page("job.changed_at + interval '0'", limit);
    }

    pub(super) fn count(
        query: &JobQuery,
        place: Place,
        states: &[State],
        most: u64,
        reading: Reading,
    ) -> Self {
        let mut statement = Self::starting("select count(*) from (select from ", reading);
        statement.jobs(query, states);
        statement.place(place, states);
        statement.matching(query, CHANGED_AT);
        statement.sql.push(" limit ");
        statement
            .sql
            .push_bind(i64::try_from(most).unwrap_or(i64::MAX));
        statement.sql.push(") as matching");
        statement
    }

    fn starting(start: &str, reading: Reading) -> Self {
        Self {
            sql: QueryBuilder::new(start),
            reading,
            begin: TOGETHER,
        }
    }

    /// All of the states, but of those that are finished only the ones whose marks do not say that they
    /// lack an argument.
    fn jobs(&mut self, query: &JobQuery, states: &[State]) {
        self.sql.push("job_engine.jobs as job");
        if let Some(needed) = Marks::needed(query).filter(|_| are_final(states)) {
            self.sql
                .push(" join (select id as marked, low_marks, high_marks");
            self.sql.push(" from job_engine.finished) as known");
            self.sql.push(" on marked = id and (low_marks is null or ");
            self.has_marks("low_marks", needed.low);
            self.sql.push(" and ");
            self.has_marks("high_marks", needed.high);
            self.sql.push(")");
        }
    }

    fn has_marks(&mut self, marks: &str, needed: i64) {
        self.sql.push(marks).push(" & ").push_bind(needed);
        self.sql.push(" = ").push_bind(needed);
    }

    fn place(&mut self, place: Place, states: &[State]) {
        self.sql.push(" where ");
        self.in_place(place, states);
    }

    /// Literals, so that only this one of the three tables is looked at, and the indexes of one state are.
    /// Of jobs that are not finished a column is asked, as nobody has counted how often the state that
    /// follows from it occurs.
    fn in_place(&mut self, place: Place, states: &[State]) {
        self.sql.push("place = '").push(place).push("' and ");
        let column = match states {
            [State::Enqueued] => "server is null",
            [State::Processing] => "server is not null",
            [State::Scheduled] => "continue_on is null",
            [State::Awaiting] => "continue_on is not null",
            [State::Enqueued, State::Processing]
            | [State::Scheduled, State::Awaiting]
            | [State::Succeeded, State::Failed, State::Deleted] => "true",
            states => return self.states(states),
        };
        self.sql.push(column);
    }

    fn states(&mut self, states: &[State]) {
        match states {
            [] => self.constant(false),
            [state] => {
                self.sql.push("state = '").push(state.name()).push("'");
            }
            states => {
                let names: Vec<String> = states
                    .iter()
                    .map(|state| format!("'{}'", state.name()))
                    .collect();
                self.sql.push("state in (").push(names.join(", ")).push(")");
            }
        }
    }

    fn page(&mut self, changed_at: &str, limit: usize) {
        self.sql.push(" order by ").push(changed_at);
        self.sql
            .push(" desc, job.id desc limit ")
            .push_bind(rows(limit));
    }

    fn matching(&mut self, query: &JobQuery, changed_at: &str) {
        if query.retries_only {
            self.sql.push(" and attempts > 0");
        }
        self.equals("queue", query.queue.as_ref());
        self.equals("kind", query.kind.as_ref());
        for condition in &query.conditions {
            self.meets(condition, changed_at);
        }
    }

    fn equals(&mut self, column: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.sql.push(" and ").push(column).push(" = ");
            self.sql.push_bind(value.clone());
        }
    }

    fn meets(&mut self, condition: &Condition, changed_at: &str) {
        self.sql.push(if condition.negated {
            " and not coalesce("
        } else {
            " and ("
        });
        self.test(&condition.test, changed_at);
        self.sql
            .push(if condition.negated { ", false)" } else { ")" });
    }

    fn test(&mut self, asked: &Test, changed_at: &str) {
        match asked {
            Test::State(states) => self.states(states),
            Test::Retry => drop(self.sql.push("state = 'Scheduled' and attempts > 0")),
            Test::Queue(queues) => self.any("queue", queues),
            Test::Kind(kinds) => self.any("kind", kinds),
            Test::Tenant(tenants) => self.any("tenant", tenants),
            Test::Tag(tags) => {
                self.sql.push("tags && ").push_bind(tags.clone());
            }
            Test::Batch(batch) => {
                self.sql.push("batch = ").push_bind(batch.0);
            }
            Test::Trace(id) => {
                self.sql.push("split_part(trace, '-', 2) = ");
                self.sql.push_bind(id.clone());
            }
            Test::Id(ids) => self.ids(ids.start().0, ids.end().0),
            Test::Created(time) => {
                self.time("created_at", *time);
                if let Some(from) = time.from {
                    // It came into its state later, and there is an index of that.
                    self.sql.push(" and ").push(changed_at).push(" >= ");
                    self.moment(from);
                }
            }
            Test::Changed(time) => self.time(changed_at, *time),
            Test::Attempts(attempts) => self.attempts(attempts),
            Test::Error(text) => self.error_contains(text),
            Test::Text(text) => {
                self.contains("kind", text);
                self.sql.push(" or ");
                self.contains("arguments", text);
                self.sql.push(" or ");
                self.error_contains(text);
            }
            Test::ErrorGroup(group) => self.error_group(group),
            Test::Argument(test) => self.argument(test),
        }
    }

    fn constant(&mut self, holds: bool) {
        self.sql.push(if holds { "true" } else { "false" });
    }

    fn any(&mut self, column: &str, values: &[String]) {
        self.sql.push(column).push(" = any(");
        self.sql.push_bind(values.to_vec()).push(")");
    }

    fn ids(&mut self, first: Uuid, last: Uuid) {
        self.sql.push("id between ").push_bind(first);
        self.sql.push(" and ").push_bind(last);
    }

    fn time(&mut self, column: &str, time: TimeRange) {
        self.constant(true);
        for (comparison, end) in [(" >= ", time.from), (" < ", time.until)] {
            if let Some(end) = end {
                self.sql.push(" and ").push(column).push(comparison);
                self.moment(end);
            }
        }
    }

    fn moment(&mut self, at: Timestamp) {
        self.sql
            .push("'epoch'::timestamptz + interval '1 microsecond' * ");
        self.sql.push_bind(at.as_microsecond().max(OLDEST));
    }

    fn attempts(&mut self, attempts: &RangeInclusive<u32>) {
        self.sql
            .push("attempts between ")
            .push_bind(i64::from(*attempts.start()));
        self.sql.push(" and ").push_bind(i64::from(*attempts.end()));
    }

    /// Without regard to case; to that of letters beyond ASCII only where the text has some, as that
    /// takes twice the time.
    fn contains(&mut self, column: &str, text: &str) {
        let (collation, lower) = if text.is_ascii() {
            (" collate \"C\"", text.to_ascii_lowercase())
        } else {
            ("", text.to_lowercase())
        };
        self.sql
            .push("coalesce(lower(")
            .push(column)
            .push(collation);
        self.sql.push(") like ").push_bind(like_pattern(&lower));
        self.sql.push(", false)");
    }

    fn error_group(&mut self, group: &str) {
        self.sql
            .push("state = 'Failed' and job_engine.error_group(error) = ");
        self.sql.push_bind(group.to_owned());
    }

    /// Errors are kept as JSON, so the text is looked for as JSON writes it.
    fn error_contains(&mut self, text: &str) {
        let json = serde_json::Value::from(text).to_string();
        self.contains("error", json.trim_matches('"'));
    }

    /// Most arguments do not even hold the value's letters; only the others are read as JSON.
    fn argument(&mut self, test: &ArgumentTest) {
        let letters = letters(test);
        if !letters.is_empty() {
            self.sql.push("strpos(arguments, ").push_bind(letters);
            self.sql.push(") > 0 and ");
        }
        let (open, close) = match self.reading {
            Reading::Quick => ("(arguments::jsonb #>> ", ") = "),
            Reading::Careful => ("job_engine.argument(arguments, ", ") = "),
        };
        self.sql.push(open).push_bind(test.path.clone()).push(close);
        self.sql.push_bind(test.value.clone());
    }

    fn after(&mut self, after: Option<Cursor>, changed_at: &str) {
        if let Some(after) = after {
            self.sql
                .push(" and (")
                .push(changed_at)
                .push(", job.id) < (");
            self.moment(after.changed_at);
            self.sql.push(", ").push_bind(after.id.0).push(")");
        }
    }

    /// Planned for these values, as they decide which index helps.
    pub(super) async fn fetch(mut self, pool: &PgPool) -> sqlx::Result<Vec<PgRow>> {
        let mut transaction = begin_with(pool, self.begin).await?;
        let statement = self.sql.build().persistent(false);
        statement.fetch_all(&mut *transaction).await
    }
}

/// What all arguments with the value hold: with its quotation marks if JSON has only strings like it, as
/// PostgreSQL looks for longer texts in longer steps.
fn letters(test: &ArgumentTest) -> String {
    let letters = literal_part(&test.value);
    let is_string = serde_json::from_str::<serde_json::Value>(&test.value).is_err();
    if is_string && letters == test.value {
        format!("\"{letters}\"")
    } else {
        letters.to_owned()
    }
}

fn are_final(states: &[State]) -> bool {
    states.iter().all(|state| state.is_final())
}

/// The tables in which there are jobs of these states, and which of the states.
fn by_place(states: &[State]) -> Vec<(Place, Vec<State>)> {
    let here = |place| (place, states_in(place, states));
    let mut places: Vec<_> = PLACES.into_iter().map(here).collect();
    places.retain(|(_, states)| !states.is_empty());
    places
}

/// The time of a job's last change, by its full name: `changed_at` alone is what a statement answers,
/// and has no index.
const CHANGED_AT: &str = "job.changed_at";

/// The same of jobs that were stored by a copy.
const COPIED_AT: &str = "copy.at";

/// The same by the name that its index has.
const fn changed_at(state: State) -> &'static str {
    match state {
        State::Enqueued => "job.enqueued_at",
        _ => CHANGED_AT,
    }
}
