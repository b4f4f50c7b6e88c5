use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::email_address::EmailAddress;
use crate::ids::{TenantId, UserId};
use crate::provisioning::{Step, Steps};
use crate::slug::Slug;
use crate::tenant_name::TenantName;

/// An organisation with a database of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: Slug,
    pub name: TenantName,
    /// Who owns it once it is active.
    pub admin_email: EmailAddress,
    pub origin: Origin,

    pub status: Status,
    /// Why the last attempt failed, in words for people; only while `Failed`.
    pub error: Option<String>,
    pub steps: Steps,
    /// The background job that provisions it.
    pub job_id: Uuid,
    /// Which attempt was started last; 0 before the first.
    pub attempt: u32,
    pub max_attempts: u32,
    /// When it is tried again by itself; only while `Failed`.
    pub next_attempt_at: Option<Timestamp>,
    /// How often a person had it started anew. Each round tells of its failures once.
    pub round: u32,

    /// Rises with each stored change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub activated_at: Option<Timestamp>,
}

/// Who asked for a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A Super Admin, who is told how it goes.
    Admin {
        requested_by: UserId,
        request_key: Option<RequestKey>,
    },
    /// A visitor of the public page, who gets an e-mail and nothing else.
    SignUp,
}

/// What a client sends along so that a repeated request is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct InvalidRequestKey;

impl RequestKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestKey {
    type Err = InvalidRequestKey;

    fn from_str(text: &str) -> Result<Self, InvalidRequestKey> {
        let valid = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        valid
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidRequestKey)
    }
}

/// How far a tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for its job.
    Pending,
    /// Its job runs.
    Provisioning,
    /// Its database is ready. Nothing follows.
    Active,
    /// The last attempt failed.
    Failed,
}

impl Status {
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Provisioning,
        Self::Active,
        Self::Failed,
    ];

    /// Every change that may happen.
    ///
    /// A job can die before it says that it starts, so `Failed` follows everything but `Active`;
    /// and a job that died is run again, so `Provisioning` follows itself.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Pending => matches!(self, Self::Pending | Self::Provisioning | Self::Failed),
            Self::Provisioning | Self::Failed => !matches!(self, Self::Active),
            Self::Active => matches!(self, Self::Provisioning),
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Provisioning => "Provisioning",
            Self::Active => "Active",
            Self::Failed => "Failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status of a tenant; there are Pending, Provisioning, Active and Failed")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant that is {from} cannot become {to}")]
pub struct WrongStatus {
    pub from: Status,
    pub to: Status,
}

impl Tenant {
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Who is told how the provisioning goes, if anyone.
    pub fn requested_by(&self) -> Option<UserId> {
        match self.origin {
            Origin::Admin { requested_by, .. } => Some(requested_by),
            Origin::SignUp => None,
        }
    }

    /// An attempt begins. What earlier attempts of the round have done stays done.
    pub fn start_attempt(
        &mut self,
        number: u32,
        max: u32,
        now: Timestamp,
    ) -> Result<(), WrongStatus> {
        let was_given_up = self.status == Status::Failed && self.next_attempt_at.is_none();
        self.change_status(Status::Provisioning, now)?;

        if was_given_up && number == 1 {
            self.start_round();
        }
        self.attempt = number;
        self.max_attempts = max;
        self.error = None;
        self.next_attempt_at = None;
        self.steps.resume();
        Ok(())
    }

    /// The step that runs ends, and `step` begins.
    pub fn start_step(&mut self, step: Step, now: Timestamp) {
        self.steps.finish_running(now);
        self.steps.start(step, now);
        self.updated_at = now;
    }

    /// An attempt failed; `next_attempt_at` is empty when it is given up.
    pub fn fail(
        &mut self,
        error: String,
        next_attempt_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), WrongStatus> {
        self.change_status(Status::Failed, now)?;

        self.steps.fail_running(now);
        self.error = Some(error);
        self.next_attempt_at = next_attempt_at;
        Ok(())
    }

    /// Everything is done.
    pub fn activate(&mut self, now: Timestamp) -> Result<(), WrongStatus> {
        self.change_status(Status::Active, now)?;

        self.steps.finish_running(now);
        self.activated_at = Some(now);
        Ok(())
    }

    /// A person asked to try again: it waits for its job, which begins with the first step.
    pub fn wait_again(&mut self, now: Timestamp) -> Result<(), WrongStatus> {
        self.change_status(Status::Pending, now)?;

        self.start_round();
        self.attempt = 0;
        self.error = None;
        self.next_attempt_at = None;
        Ok(())
    }

    fn start_round(&mut self) {
        self.round += 1;
        self.steps = Steps::default();
    }

    fn change_status(&mut self, to: Status, now: Timestamp) -> Result<(), WrongStatus> {
        if !self.status.may_become(to) {
            return Err(WrongStatus {
                from: self.status,
                to,
            });
        }

        self.status = to;
        self.updated_at = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> Tenant {
        let now = Timestamp::UNIX_EPOCH;
        Tenant {
            id: TenantId::random(),
            slug: "acme".parse().expect("a slug"),
            name: "Acme".parse().expect("a name"),
            admin_email: "ada@acme.example".parse().expect("an address"),
            origin: Origin::SignUp,
            status: Status::Pending,
            error: None,
            steps: Steps::default(),
            job_id: Uuid::nil(),
            attempt: 0,
            max_attempts: 11,
            next_attempt_at: None,
            round: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            activated_at: None,
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).expect("in range")
    }

    #[test]
    fn nothing_follows_active() {
        for next in Status::ALL {
            assert!(!Status::Active.may_become(next));
        }
    }

    #[test]
    fn only_a_running_attempt_activates() {
        for status in Status::ALL {
            let runs = status == Status::Provisioning;
            assert_eq!(status.may_become(Status::Active), runs);
        }
    }

    #[test]
    fn a_second_attempt_resumes_after_what_is_done() {
        let mut tenant = tenant();
        tenant.start_attempt(1, 11, now()).expect("may start");
        tenant.start_step(Step::CreateDatabase, now());
        tenant.start_step(Step::Migrate, now());
        tenant
            .fail("disk full".to_owned(), Some(now()), now())
            .expect("may fail");

        tenant.start_attempt(2, 11, now()).expect("may start");

        assert!(tenant.steps.is_done(Step::CreateDatabase));
        assert!(!tenant.steps.is_done(Step::Migrate));
        assert_eq!(tenant.error, None);
        assert_eq!(tenant.round, 0);
    }

    #[test]
    fn a_tenant_that_was_given_up_starts_a_new_round_from_the_first_step() {
        let mut tenant = tenant();
        tenant.start_attempt(1, 1, now()).expect("may start");
        tenant.start_step(Step::CreateDatabase, now());
        tenant.start_step(Step::Migrate, now());
        tenant
            .fail("disk full".to_owned(), None, now())
            .expect("may fail");

        tenant.start_attempt(1, 1, now()).expect("may start");

        assert!(!tenant.steps.is_done(Step::CreateDatabase));
        assert_eq!(tenant.round, 1);
    }

    #[test]
    fn asking_to_try_an_active_tenant_again_is_refused() {
        let mut tenant = tenant();
        tenant.start_attempt(1, 11, now()).expect("may start");
        tenant.activate(now()).expect("may become active");

        let refused = tenant.wait_again(now());

        assert_eq!(
            refused,
            Err(WrongStatus {
                from: Status::Active,
                to: Status::Pending
            })
        );
    }

    #[test]
    fn a_request_key_is_short_and_visible() {
        assert!("8c7f-1".parse::<RequestKey>().is_ok());
        assert!("".parse::<RequestKey>().is_err());
        assert!("a b".parse::<RequestKey>().is_err());
        assert!("x".repeat(256).parse::<RequestKey>().is_err());
    }
}
