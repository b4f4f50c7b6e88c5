use std::str::FromStr;

use jiff::Timestamp;

/// What is done to provision a tenant, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    CreateDatabase,
    Migrate,
    Seed,
    CreateOwner,
    Activate,
}

impl Step {
    pub const ALL: [Self; 5] = [
        Self::CreateDatabase,
        Self::Migrate,
        Self::Seed,
        Self::CreateOwner,
        Self::Activate,
    ];

    /// What storages and clients call it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::CreateDatabase => "create_database",
            Self::Migrate => "migrate",
            Self::Seed => "seed",
            Self::CreateOwner => "create_owner",
            Self::Activate => "activate",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CreateDatabase => "Create database",
            Self::Migrate => "Run migrations",
            Self::Seed => "Seed data",
            Self::CreateOwner => "Create owner",
            Self::Activate => "Activate",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no step of a tenant's provisioning")]
pub struct UnknownStep(String);

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        Self::ALL
            .into_iter()
            .find(|step| step.key() == text)
            .ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Waiting,
    Running {
        since: Timestamp,
    },
    Done {
        started_at: Timestamp,
        finished_at: Timestamp,
    },
    Failed {
        started_at: Timestamp,
        finished_at: Timestamp,
    },
}

impl StepState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Running { .. } => "Running",
            Self::Done { .. } => "Done",
            Self::Failed { .. } => "Failed",
        }
    }

    pub const fn started_at(self) -> Option<Timestamp> {
        match self {
            Self::Waiting => None,
            Self::Running { since } => Some(since),
            Self::Done { started_at, .. } | Self::Failed { started_at, .. } => Some(started_at),
        }
    }

    pub const fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Waiting | Self::Running { .. } => None,
            Self::Done { finished_at, .. } | Self::Failed { finished_at, .. } => Some(finished_at),
        }
    }
}

/// One step and how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepProgress {
    pub step: Step,
    pub state: StepState,
}

/// Every step of a tenant, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps([StepProgress; 5]);

impl Default for Steps {
    fn default() -> Self {
        Self(Step::ALL.map(|step| StepProgress {
            step,
            state: StepState::Waiting,
        }))
    }
}

impl Steps {
    /// Steps as they were stored; those that are not given wait.
    pub fn restore(stored: impl IntoIterator<Item = StepProgress>) -> Self {
        let mut steps = Self::default();
        for progress in stored {
            steps.set(progress.step, progress.state);
        }
        steps
    }

    pub fn iter(&self) -> impl Iterator<Item = &StepProgress> {
        self.0.iter()
    }

    pub fn is_done(&self, step: Step) -> bool {
        self.0
            .iter()
            .any(|it| it.step == step && matches!(it.state, StepState::Done { .. }))
    }

    /// The step that runs.
    pub fn running(&self) -> Option<Step> {
        self.0
            .iter()
            .find(|it| matches!(it.state, StepState::Running { .. }))
            .map(|it| it.step)
    }

    pub(crate) fn start(&mut self, step: Step, now: Timestamp) {
        self.set(step, StepState::Running { since: now });
    }

    pub(crate) fn finish_running(&mut self, now: Timestamp) {
        self.end_running(|started_at| StepState::Done {
            started_at,
            finished_at: now,
        });
    }

    pub(crate) fn fail_running(&mut self, now: Timestamp) {
        self.end_running(|started_at| StepState::Failed {
            started_at,
            finished_at: now,
        });
    }

    /// What is not done waits again.
    pub(crate) fn resume(&mut self) {
        for progress in &mut self.0 {
            if !matches!(progress.state, StepState::Done { .. }) {
                progress.state = StepState::Waiting;
            }
        }
    }

    fn end_running(&mut self, end: impl Fn(Timestamp) -> StepState) {
        for progress in &mut self.0 {
            if let StepState::Running { since } = progress.state {
                progress.state = end(since);
            }
        }
    }

    fn set(&mut self, step: Step, state: StepState) {
        for progress in &mut self.0 {
            if progress.step == step {
                progress.state = state;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_its_step() {
        for step in Step::ALL {
            assert_eq!(step.key().parse(), Ok(step));
        }
    }

    #[test]
    fn the_step_that_ran_when_an_attempt_failed_is_the_one_that_failed() {
        let mut steps = Steps::default();
        steps.start(Step::CreateDatabase, Timestamp::UNIX_EPOCH);
        steps.finish_running(Timestamp::UNIX_EPOCH);
        steps.start(Step::Migrate, Timestamp::UNIX_EPOCH);

        steps.fail_running(Timestamp::UNIX_EPOCH);

        let names: Vec<_> = steps.iter().map(|it| it.state.name()).collect();
        assert_eq!(names, ["Done", "Failed", "Waiting", "Waiting", "Waiting"]);
    }
}
