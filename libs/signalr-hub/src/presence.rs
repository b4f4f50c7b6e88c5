//! Asking who is connected, on all servers.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use crate::{
    backplane::{BackplaneError, Command, Target},
    connection::random_id,
    core::Core,
};

/// Who is connected to a hub, on all of its servers.
///
/// Nothing is kept for this: each question is put to all servers, and answered when all that live have
/// answered, which takes one way there and back over the backplane. A server that died without a
/// farewell holds answers up until it has been silent for three
/// [beats](crate::HubOptions::server_beat); then its connections are gone.
#[derive(Clone)]
pub struct Presence {
    core: Arc<Core>,
}

/// Connections to be counted or listed.
#[must_use]
pub struct Present {
    core: Arc<Core>,
    target: Target,
}

/// A connection on whichever server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PresentConnection {
    /// Its public name.
    pub id: String,
    /// Whose it is, as it was when the connection was made.
    pub user_id: Option<String>,
}

/// It cannot be said who is connected.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// The other servers could not be asked.
    #[error("the other servers cannot be asked")]
    Backplane(#[from] BackplaneError),
    /// A server lives but did not answer.
    #[error("not every server has answered in time")]
    TimedOut,
}

impl Presence {
    pub(crate) fn of(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Everyone.
    pub fn everyone(&self) -> Present {
        self.at(Target::All)
    }

    /// All connections of a user.
    pub fn of_user(&self, id: &str) -> Present {
        self.at(Target::Users(vec![id.to_owned()]))
    }

    /// Everyone in a group.
    pub fn in_group(&self, name: &str) -> Present {
        self.at(Target::Groups(vec![name.to_owned()]))
    }

    /// One connection, if it exists.
    pub fn connection(&self, id: &str) -> Present {
        self.at(Target::Connections(vec![id.to_owned()]))
    }

    /// The groups a connection is in, by name.
    pub async fn groups_of(&self, connection: &str) -> Result<Vec<String>, PresenceError> {
        let connection = connection.to_owned();
        self.names(Look::GroupsOf { connection }, usize::MAX).await
    }

    /// The names of the groups that have members, in their order, at most `limit` of them.
    pub async fn groups(&self, limit: usize) -> Result<Vec<String>, PresenceError> {
        self.names(Look::Groups { limit }, limit).await
    }

    /// The ids of the users who are connected, in their order, at most `limit` of them.
    pub async fn users(&self, limit: usize) -> Result<Vec<String>, PresenceError> {
        self.names(Look::Users { limit }, limit).await
    }

    async fn names(&self, look: Look, limit: usize) -> Result<Vec<String>, PresenceError> {
        let names = self.core.look(look).await?.names;
        Ok(first_of(names, limit))
    }

    fn at(&self, target: Target) -> Present {
        Present {
            core: Arc::clone(&self.core),
            target,
        }
    }
}

impl Present {
    /// How many there are.
    pub async fn count(self) -> Result<u64, PresenceError> {
        Ok(self.look(0).await?.count)
    }

    /// Whether there is at least one.
    pub async fn is_any(self) -> Result<bool, PresenceError> {
        Ok(self.count().await? > 0)
    }

    /// The connections themselves, at most `limit` of them.
    pub async fn list(self, limit: usize) -> Result<Vec<PresentConnection>, PresenceError> {
        let mut connections = self.look(limit).await?.connections;
        connections.truncate(limit);
        Ok(connections)
    }

    async fn look(self, limit: usize) -> Result<Sighting, PresenceError> {
        let target = self.target;
        self.core.look(Look::Connections { target, limit }).await
    }
}

/// What a server is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Look {
    Connections { target: Target, limit: usize },
    GroupsOf { connection: String },
    Groups { limit: usize },
    Users { limit: usize },
}

/// What a server sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sighting {
    count: u64,
    connections: Vec<PresentConnection>,
    /// Of groups or users.
    names: Vec<String>,
}

impl Sighting {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.connections.extend(other.connections);
        self.names.extend(other.names);
    }

    fn of_names(names: Vec<String>) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }
}

/// Each name once.
fn first_of(mut names: Vec<String>, limit: usize) -> Vec<String> {
    names.sort();
    names.dedup();
    names.truncate(limit);
    names
}

/// Questions of this server that are being answered.
#[derive(Debug, Default)]
pub(crate) struct Lookouts {
    open: Mutex<HashMap<String, Lookout>>,
    answered: Notify,
}

#[derive(Debug, Default)]
struct Lookout {
    by: HashSet<String>,
    seen: Sighting,
}

impl Lookouts {
    /// Takes another server's answer.
    pub(crate) fn add(&self, question: &str, server: String, seen: Sighting) {
        if let Some(lookout) = self.lock().get_mut(question)
            && lookout.by.insert(server)
        {
            lookout.seen.add(seen);
        }
        self.answered.notify_waiters();
    }

    fn have_answered(&self, question: &str, servers: &HashSet<String>) -> bool {
        let open = self.lock();
        let lookout = open.get(question);
        lookout.is_some_and(|lookout| servers.is_subset(&lookout.by))
    }

    fn close(&self, question: &str) -> Sighting {
        self.lock().remove(question).unwrap_or_default().seen
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Lookout>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a question when its asker stops waiting.
struct Waiting<'a> {
    lookouts: &'a Lookouts,
    question: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.lookouts.close(self.question);
    }
}

impl Core {
    /// What all servers see.
    async fn look(&self, look: Look) -> Result<Sighting, PresenceError> {
        if !self.has_backplane() {
            return Ok(self.look_here(&look));
        }
        self.knows_the_others().await;
        let question = random_id();
        self.lookouts
            .lock()
            .insert(question.to_string(), Lookout::default());
        let waiting = Waiting {
            lookouts: &self.lookouts,
            question: &question,
        };

        self.publish(Command::Look {
            question: question.to_string(),
            look: look.clone(),
        })
        .await?;
        self.all_have_answered(&question).await?;
        let mut seen = self.lookouts.close(&question);
        drop(waiting);
        seen.add(self.look_here(&look));
        Ok(seen)
    }

    /// Whether any server has this connection.
    pub(crate) async fn has_connection(&self, id: &str) -> Result<bool, PresenceError> {
        let target = Target::Connections(vec![id.to_owned()]);
        let look = Look::Connections { target, limit: 0 };
        Ok(self.look(look).await?.count > 0)
    }

    /// A server that just started has to hear the others first.
    async fn knows_the_others(&self) {
        self.is_listening().await;
        tokio::time::sleep_until(self.started + self.options.server_beat).await;
    }

    /// Waits for the servers that live; one that falls silent is not waited for any longer.
    async fn all_have_answered(&self, question: &str) -> Result<(), PresenceError> {
        let beat = self.options.server_beat;
        let limit = Instant::now() + beat * 5;
        loop {
            let answered = self.lookouts.answered.notified();
            let living = self.servers.living(beat);
            if self.lookouts.have_answered(question, &living) {
                return Ok(());
            }
            if Instant::now() >= limit {
                return Err(PresenceError::TimedOut);
            }
            // Without an answer: look again who lives.
            let _ = timeout(beat / 4, answered).await;
        }
    }

    /// What this server sees.
    pub(crate) fn look_here(&self, look: &Look) -> Sighting {
        match look {
            Look::GroupsOf { connection } => {
                Sighting::of_names(self.connections.groups_of(connection))
            }
            Look::Groups { limit } => {
                Sighting::of_names(first_of(self.connections.groups(), *limit))
            }
            Look::Users { limit } => Sighting::of_names(first_of(self.connections.users(), *limit)),
            Look::Connections { target, limit } => {
                let mut seen = Sighting::default();
                self.connections.for_each(target, |client| {
                    seen.count += 1;
                    if seen.connections.len() < *limit {
                        seen.connections.push(PresentConnection {
                            id: client.id().to_string(),
                            user_id: client.user_id.as_deref().map(str::to_owned),
                        });
                    }
                });
                seen
            }
        }
    }
}
