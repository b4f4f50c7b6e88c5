//! The places at which a worker is killed: before a statement reaches the database, and after it
//! was committed but before the answer is there.

use std::collections::HashMap;

/// A place to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CrashPoint {
    pub(crate) statement: Statement,
    pub(crate) moment: Moment,
}

/// On SQLite, where nobody else sees a statement come or go: before and after its transaction counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

/// What the engine does for its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statement {
    /// By a handler; on PostgreSQL for an idle worker, if there is one.
    Enqueue,
    Claim,
    Begin,
    Finish,
    Reschedule,
    EnqueueDue,
    Advance,
    Heartbeat,
    Rescue,
    Retire,
}

impl CrashPoint {
    /// Every place, one after the other.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let moments = [Moment::Before, Moment::After];
        let both = move |statement| moments.map(|moment| Self { statement, moment });
        Statement::ALL.into_iter().flat_map(both)
    }

    /// As [`of_text`](Self::of_text) reads it.
    pub(crate) fn text(self) -> String {
        format!("{:?} {:?}", self.moment, self.statement)
    }

    pub(crate) fn of_text(text: &str) -> Option<Self> {
        Self::all().find(|point| point.text() == text)
    }
}

impl Statement {
    const ALL: [Self; 10] = [
        Self::Enqueue,
        Self::Claim,
        Self::Begin,
        Self::Finish,
        Self::Reschedule,
        Self::EnqueueDue,
        Self::Advance,
        Self::Heartbeat,
        Self::Rescue,
        Self::Retire,
    ];

    /// Words that no other statement has, on PostgreSQL.
    const fn in_postgres(self) -> &'static [&'static str] {
        match self {
            Self::Enqueue => &["insert into job_engine.ready", "from unnest($1::uuid[]"],
            Self::Claim => &[
                "update job_engine.ready",
                "for key share",
                "claimed_at = clock_timestamp()",
            ],
            Self::Begin => &["set begun = epoch"],
            Self::Finish => &[
                "delete from job_engine.ready",
                "into job_engine.finished",
                "end_reason",
            ],
            Self::Reschedule => &["delete from job_engine.ready", "into job_engine.waiting"],
            Self::EnqueueDue => &["delete from job_engine.waiting", "for update skip locked"],
            Self::Advance => &["update job_engine.recurring r", "plan.revision"],
            Self::Heartbeat => &["job_engine.servers set heartbeat_at"],
            Self::Rescue => &["delete from job_engine.servers", "from silent"],
            Self::Retire => &["delete from job_engine.servers where id = $1"],
        }
    }

    /// The same on SQLite.
    const fn in_sqlite(self) -> &'static [&'static str] {
        match self {
            Self::Enqueue => &["insert into job_engine_jobs"],
            Self::Claim => &["set state = 'Processing'"],
            Self::Begin => &["set begun = epoch"],
            Self::Finish => &["update job_engine_jobs", "duration = s.value"],
            Self::Reschedule => &["update job_engine_jobs", "due_at = $2 + (s.value"],
            Self::EnqueueDue => &["update job_engine_jobs", "and due_at <= $1"],
            Self::Advance => &["update job_engine_recurring", "runs = runs + $3"],
            Self::Heartbeat => &["job_engine_servers set heartbeat_at"],
            Self::Rescue => &["delete from job_engine_servers", "heartbeat_at <= $1"],
            Self::Retire => &["delete from job_engine_servers where id = $1"],
        }
    }

    fn of(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|statement| has(text, statement.in_postgres()))
    }

    pub(crate) fn is_in_sqlite(self, text: &str) -> bool {
        has(text, self.in_sqlite())
    }
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().all(|word| text.contains(word))
}

/// Follows what a client of PostgreSQL sends: which statements it has prepared, and which one it
/// runs.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    unread: Vec<u8>,
    has_started: bool,
    prepared: HashMap<Vec<u8>, Statement>,
}

/// Packets of the start have no letter: a request for TLS, which is refused, and the start itself.
const TLS_REQUEST: u32 = 80_877_103;

impl Statements {
    /// The statements that are run by these bytes, which may be any part of what is sent.
    pub(crate) fn run_by(&mut self, bytes: &[u8]) -> Vec<Statement> {
        self.unread.extend_from_slice(bytes);
        let mut run = Vec::new();
        while let Some((letter, body)) = self.next_message() {
            match letter {
                b'P' => self.prepare(&body),
                b'B' => run.extend(self.bound(&body)),
                _ => {}
            }
        }
        run
    }

    fn next_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = usize::from(self.has_started);
        let length = self.unread.get(head..head + 4)?.try_into().ok()?;
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        if self.unread.len() < head + length {
            return None;
        }

        let message: Vec<u8> = self.unread.drain(..head + length).collect();
        if self.has_started {
            return Some((message[0], message[5..].to_vec()));
        }
        let code = message.get(4..8)?.try_into().ok().map(u32::from_be_bytes)?;
        self.has_started = code != TLS_REQUEST;
        Some((0, Vec::new()))
    }

    /// The statement's name, then its text.
    fn prepare(&mut self, body: &[u8]) {
        let mut parts = body.split(|byte| *byte == 0);
        if let (Some(name), Some(text)) = (parts.next(), parts.next())
            && let Some(statement) = Statement::of(&String::from_utf8_lossy(text))
        {
            self.prepared.insert(name.to_vec(), statement);
        }
    }

    /// The portal's name, then the statement's.
    fn bound(&self, body: &[u8]) -> Option<Statement> {
        let name = body.split(|byte| *byte == 0).nth(1)?;
        self.prepared.get(name).copied()
    }
}

#[test]
fn a_statement_is_known_however_its_bytes_are_cut() {
    let mut sent = Vec::new();
    sent.extend(8_u32.to_be_bytes());
    sent.extend(TLS_REQUEST.to_be_bytes());
    sent.extend(8_u32.to_be_bytes());
    sent.extend(196_608_u32.to_be_bytes());
    sent.extend(message(
        b'P',
        b"s1\0update job_engine.servers set heartbeat_at = 1\0\0\0",
    ));
    sent.extend(message(b'B', b"\0s1\0\0\0"));
    sent.extend(message(b'B', b"\0s2\0\0\0"));

    for cut in 0..sent.len() {
        let mut statements = Statements::default();
        let mut run = statements.run_by(&sent[..cut]);
        run.extend(statements.run_by(&sent[cut..]));
        assert_eq!(run, [Statement::Heartbeat], "cut at {cut}");
    }
}

#[cfg(test)]
fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("it is short");
    [&[letter], &length.to_be_bytes()[..], body].concat()
}
