//! What may happen, by chance.

use job_engine::storage::Command;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::recurring;
use super::script::QUEUES;

/// A call, before it is known which jobs there are.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Enqueue(Vec<Waiting>),
    /// As a batch, with a job that continues it.
    EnqueueBatch(Vec<Waiting>, Waiting),
    EnqueueAgain(Index),
    Claim {
        server: Index,
        mail_first: bool,
        limit: usize,
    },
    Begin(Index),
    Settle(Vec<(Index, End)>),
    Pause(usize),
    Resume(usize),
    LimitQueue(usize, u32),
    LimitKeys(u32),
    LiftLimits(usize),
    Command(Index, Command),
    EnqueueDue,
    Announce,
    Heartbeat(Index),
    GiveBackExcept(Index, Index),
    Retire(Index),
    RescueAll,
    RemoveExpired,
    Recurring(recurring::Step),
}

/// A job, before it is known which others there are.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) queue: usize,
    pub(super) priority: i16,
    pub(super) due: Due,
    pub(super) tenant: Option<&'static str>,
    pub(super) tags: Vec<&'static str>,
    pub(super) limit_key: Option<&'static str>,
    pub(super) unique: Option<Key>,
    /// One of those before it, if there are any, and whether it waits for its success.
    pub(super) parent: Option<(Index, bool)>,
    /// One of the batches before it, if there are any.
    pub(super) batch: Option<Index>,
    pub(super) is_traced: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    Now,
    Past,
    Later,
}

/// A unique key, and how it is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) for_an_hour: bool,
    pub(super) while_it_waits: bool,
    pub(super) replaces: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Succeeded,
    Failed,
    RetryNow,
    RetryLater,
    Snoozed,
    Returned,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let one = any::<Index>;
    prop_oneof![
        5 => vec(waiting(), 0..4).prop_map(Step::Enqueue),
        1 => (vec(waiting(), 1..4), waiting()).prop_map(|(jobs, then)| Step::EnqueueBatch(jobs, then)),
        1 => one().prop_map(Step::EnqueueAgain),
        6 => (one(), any::<bool>(), 1_usize..5).prop_map(|(server, mail_first, limit)| {
            Step::Claim { server, mail_first, limit }
        }),
        2 => one().prop_map(Step::Begin),
        1 => (0..QUEUES.len()).prop_map(Step::Pause),
        2 => (0..QUEUES.len()).prop_map(Step::Resume),
        1 => (0..QUEUES.len(), 1_u32..4).prop_map(|(queue, most)| Step::LimitQueue(queue, most)),
        1 => (1_u32..3).prop_map(Step::LimitKeys),
        1 => (0..QUEUES.len()).prop_map(Step::LiftLimits),
        6 => vec((one(), end()), 1..4).prop_map(Step::Settle),
        2 => (one(), command()).prop_map(|(job, command)| Step::Command(job, command)),
        2 => Just(Step::EnqueueDue),
        1 => Just(Step::Announce),
        1 => one().prop_map(Step::Heartbeat),
        1 => (one(), one()).prop_map(|(server, lease)| Step::GiveBackExcept(server, lease)),
        1 => one().prop_map(Step::Retire),
        1 => Just(Step::RescueAll),
        1 => Just(Step::RemoveExpired),
        4 => recurring::step().prop_map(Step::Recurring),
    ]
}

pub(super) fn waiting() -> impl Strategy<Value = Waiting> {
    let due = prop_oneof![4 => Just(Due::Now), 1 => Just(Due::Past), 1 => Just(Due::Later)];
    let tenant = prop_oneof![Just(None), Just(Some("acme")), Just(Some("globex"))];
    let tags = vec(prop_oneof![Just("vip"), Just("nightly")], 0..3);
    let key = prop_oneof![Just("exports/acme"), Just("exports/globex"), Just("alone")];
    let place = (
        0..QUEUES.len(),
        -1_i16..=1,
        due,
        tenant,
        tags,
        sometimes(key),
    );
    let parent = (any::<Index>(), any::<bool>());
    let ties = (
        sometimes(unique()),
        sometimes(parent),
        sometimes(any::<Index>()),
        any::<bool>(),
    );
    (place, ties).prop_map(
        |((queue, priority, due, tenant, tags, limit_key), (unique, parent, batch, is_traced))| {
            Waiting {
                queue,
                priority,
                due,
                tenant,
                tags,
                limit_key,
                unique,
                parent,
                batch,
                is_traced,
            }
        },
    )
}

fn sometimes<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.2, value)
}

fn unique() -> impl Strategy<Value = Key> {
    let name = prop_oneof![Just("invoice 17"), Just("invoice 18")];
    let held = any::<[bool; 3]>();
    (name, held).prop_map(|(name, [for_an_hour, while_it_waits, replaces])| Key {
        name,
        for_an_hour,
        while_it_waits,
        replaces,
    })
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Succeeded),
        1 => Just(End::Failed),
        2 => Just(End::RetryNow),
        1 => Just(End::RetryLater),
        1 => Just(End::Snoozed),
        1 => Just(End::Returned),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Requeue),
        Just(Command::TriggerNow),
        Just(Command::Delete),
    ]
}
