//! The steps of a tenant as JSON: an object per step that has begun.

use domain::{Step, StepProgress, StepState, Steps};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    failed: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum UnreadableSteps {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Step(#[from] domain::provisioning::UnknownStep),
}

pub fn to_json(steps: &Steps) -> String {
    let stored: Vec<Stored> = steps.iter().filter_map(stored).collect();
    serde_json::to_string(&stored).expect("texts and times are always JSON")
}

pub fn from_json(json: &str) -> Result<Steps, UnreadableSteps> {
    let stored: Vec<Stored> = serde_json::from_str(json)?;
    let steps: Result<Vec<StepProgress>, _> = stored.iter().map(progress).collect();
    Ok(Steps::restore(steps?))
}

fn stored(progress: &StepProgress) -> Option<Stored> {
    Some(Stored {
        key: progress.step.key().to_owned(),
        started_at: progress.state.started_at()?,
        finished_at: progress.state.finished_at(),
        failed: matches!(progress.state, StepState::Failed { .. }),
    })
}

fn progress(stored: &Stored) -> Result<StepProgress, UnreadableSteps> {
    let step: Step = stored.key.parse()?;
    let started_at = stored.started_at;
    let state = match (stored.finished_at, stored.failed) {
        (None, _) => StepState::Running { since: started_at },
        (Some(finished_at), false) => StepState::Done {
            started_at,
            finished_at,
        },
        (Some(finished_at), true) => StepState::Failed {
            started_at,
            finished_at,
        },
    };
    Ok(StepProgress { step, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_read_back_as_they_were() {
        let (earlier, later) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let states = [
            StepState::Done {
                started_at: earlier,
                finished_at: later,
            },
            StepState::Failed {
                started_at: earlier,
                finished_at: later,
            },
            StepState::Running { since: later },
            StepState::Waiting,
            StepState::Waiting,
        ];
        let progress = Step::ALL.into_iter().zip(states);
        let steps = Steps::restore(progress.map(|(step, state)| StepProgress { step, state }));

        let read = from_json(&to_json(&steps)).expect("readable");

        assert_eq!(read, steps);
    }
}
