//! Whose connection it is: proved anew by each of its requests, and always the same user.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crate::{
    clock::{Clock, Millis, millis},
    user::User,
};

/// Who makes a request, and until when that is proved.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) user: Arc<User>,
    expires: Option<Millis>,
}

impl Identity {
    pub(crate) fn of(user: User, clock: Clock) -> Self {
        Self {
            expires: user.expires_at.map(|at| moment(at, clock)),
            user: Arc::new(user),
        }
    }

    pub(crate) fn is_expired(&self, clock: Clock) -> bool {
        self.expires.is_some_and(|expires| expires <= clock.now())
    }

    /// What is left of it, as clients are told: whole seconds. None: it does not end.
    pub(crate) fn seconds_left(&self, clock: Clock) -> Option<i32> {
        let left = self.expires?.saturating_sub(clock.now()) / 1_000;
        Some(i32::try_from(left).unwrap_or(i32::MAX))
    }
}

fn moment(at: SystemTime, clock: Clock) -> Millis {
    let left = at
        .duration_since(SystemTime::now())
        .unwrap_or(Duration::ZERO);
    clock.now().saturating_add(millis(left))
}

/// The user of one connection, as last proved.
#[derive(Debug)]
pub(crate) struct Owner {
    attempts: AtomicU64,
    proved: RwLock<Proved>,
}

#[derive(Debug)]
struct Proved {
    identity: Identity,
    by: Attempt,
}

/// A request that is about to prove who makes it. Later ones count more, whichever ends first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attempt(u64);

/// A request with a connection's token came from another user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherUser;

impl Owner {
    pub(crate) fn proved_by(identity: Identity) -> Self {
        let by = Attempt(0);
        Self {
            attempts: AtomicU64::new(0),
            proved: RwLock::new(Proved { identity, by }),
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        let proved = self.proved.read();
        proved
            .unwrap_or_else(PoisonError::into_inner)
            .identity
            .clone()
    }

    pub(crate) fn begin_proof(&self) -> Attempt {
        Attempt(self.attempts.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Whether it is the user the connection belongs to.
    pub(crate) fn check(&self, user: &User) -> Result<(), OtherUser> {
        if self.identity().user.id == user.id {
            Ok(())
        } else {
            Err(OtherUser)
        }
    }

    /// Takes what a request has proved, unless a later one was faster.
    pub(crate) fn renew(&self, attempt: Attempt, latest: Identity) -> Result<(), OtherUser> {
        let mut proved = self.proved.write().unwrap_or_else(PoisonError::into_inner);
        if proved.identity.user.id != latest.user.id {
            return Err(OtherUser);
        }
        if attempt > proved.by {
            *proved = Proved {
                identity: latest,
                by: attempt,
            };
        }
        Ok(())
    }
}
