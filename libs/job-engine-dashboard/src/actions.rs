use axum::extract::{Form, FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use job_engine::State as JobState;
use job_engine::storage::{Command, Commanded};
use job_engine::{JobId, StorageError};
use serde::Deserialize;

use crate::cookies::{self, Stay};
use crate::flash::{self, Flash};
use crate::visit::{PageError, THEME_COOKIE, Theme, Visit};
use crate::{Shared, form_token, pages};

/// The most rows that one form may act on.
const MOST_ROWS: usize = 1000;

/// What a person can do to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Requeue,
    TriggerNow,
    Delete,
}

/// A job as a form names it, and the change after which the page showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) job: JobId,
    /// `None` when the form does not say: then the job is taken as it is.
    pub(crate) changed_at: Option<Timestamp>,
}

/// The fields of a form that carried the right token.
pub(crate) struct CheckedForm {
    pub(crate) visit: Visit,
    fields: Vec<(String, String)>,
}

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct OnOne {
    action: String,
    job: String,
}

#[derive(Deserialize)]
pub(crate) struct OnTicked {
    action: String,
}

pub(crate) async fn on_one(
    State(shared): State<Shared>,
    Path(OnOne { action, job: id }): Path<OnOne>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let page = format!("/jobs/details/{id}");
    let seen = form
        .value("seen")
        .map_or_else(|| id.clone(), |seen| format!("{id}~{seen}"));
    let seen = Seen::parse(&seen).ok_or_else(not_a_job)?;

    let flash = act(&shared, &form.visit, action, &[seen]).await?;
    Ok(back(&form, &page, flash))
}

pub(crate) async fn on_ticked(
    State(shared): State<Shared>,
    Path(OnTicked { action }): Path<OnTicked>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let jobs = form.ticked()?;
    if action == Action::Delete && jobs.len() > 1 && form.value("sure").is_none() {
        let back = form.back().unwrap_or("/jobs/failed");
        return Ok(pages::sure::show(&form.visit, action, &jobs, back).into_response());
    }

    let flash = act(&shared, &form.visit, action, &jobs).await?;
    Ok(back(&form, "/", flash))
}

/// Keeps the choice of colours; for read-only viewers as well.
pub(crate) async fn choose_theme(form: CheckedForm) -> Result<Response, PageError> {
    let theme = form
        .value("theme")
        .and_then(Theme::parse)
        .ok_or_else(|| PageError::BadRequest("The themes are system, light and dark.".into()))?;

    let path = form.visit.mount.cookie_path();
    let cookie = cookies::write(THEME_COOKIE, theme.name(), path, Stay::Year);
    let mut response = see_other(&form, "/");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::TriggerNow, Self::Requeue, Self::Delete];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requeue => "requeue",
            Self::TriggerNow => "trigger",
            Self::Delete => "delete",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    /// The words on its button.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Requeue => "Requeue",
            Self::TriggerNow => "Trigger now",
            Self::Delete => "Delete",
        }
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Requeue => "requeued",
            Self::TriggerNow => "triggered",
            Self::Delete => "deleted",
        }
    }

    /// What it does, for the button's tooltip.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::Requeue => "Puts it back into its queue; attempts start again from one",
            Self::TriggerNow => "Runs it as soon as a worker is free instead of at its time",
            Self::Delete => {
                "Takes it out; stops it if it runs. It can be requeued until it expires"
            }
        }
    }

    /// Whether pages offer it for a job in this state. The storage decides what may be done.
    pub(crate) const fn offered_in(self, state: JobState) -> bool {
        match self {
            Self::Requeue => !matches!(state, JobState::Enqueued | JobState::Scheduled),
            Self::TriggerNow => matches!(state, JobState::Scheduled),
            Self::Delete => !matches!(state, JobState::Deleted),
        }
    }

    const fn command(self) -> Command {
        match self {
            Self::Requeue => Command::Requeue,
            Self::TriggerNow => Command::TriggerNow,
            Self::Delete => Command::Delete,
        }
    }

    fn reason(self, actor: &str) -> String {
        let done = match self {
            Self::Requeue => "Requeued",
            Self::TriggerNow => "Triggered",
            Self::Delete => "Deleted",
        };
        format!("{done} by {actor} on the dashboard")
    }
}

impl Seen {
    /// How a form writes it: the id, then the change after `~` in nanoseconds.
    pub(crate) fn to_field(self) -> String {
        match self.changed_at {
            Some(changed_at) => format!("{}~{}", self.job, changed_at.as_nanosecond()),
            None => self.job.to_string(),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, change) = match text.split_once('~') {
            Some((id, change)) => (id, Some(change)),
            None => (text, None),
        };
        let changed_at = match change {
            Some(change) => Some(Timestamp::from_nanosecond(change.parse().ok()?).ok()?),
            None => None,
        };

        Some(Self {
            job: JobId(id.parse().ok()?),
            changed_at,
        })
    }
}

impl FromRequest<Shared> for CheckedForm {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let visit = request.extensions().get::<Visit>();
        let visit = visit.expect("every action is behind `lay_out`").clone();
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        let form = Self { visit, fields };

        let token = form.value(form_token::FIELD).unwrap_or_default();
        let Visit {
            viewer, session, ..
        } = &form.visit;
        if !shared.form_tokens.accepts(token, &viewer.actor, session) {
            tracing::warn!(actor = %viewer.actor, "refused a form with a foreign token");
            return Err(PageError::ForeignForm.into_response());
        }

        Ok(form)
    }
}

impl CheckedForm {
    fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str())
    }

    /// The action of this name, if there is one and the viewer may act.
    fn allowed(&self, action: &str) -> Result<Action, PageError> {
        if !self.visit.viewer.may_act {
            tracing::warn!(actor = %self.visit.viewer.actor, %action, "refused a read-only actor");
            return Err(PageError::ReadOnly);
        }

        Action::parse(action)
            .ok_or_else(|| PageError::NotFound("The dashboard has no such action.".to_owned()))
    }

    fn ticked(&self) -> Result<Vec<Seen>, PageError> {
        let jobs: Option<Vec<Seen>> = self
            .fields
            .iter()
            .filter(|(key, _)| key == "jobs" || key == "jobs[]")
            .map(|(_, value)| Seen::parse(value))
            .collect();

        let jobs = jobs.ok_or_else(not_a_job)?;
        if jobs.len() > MOST_ROWS {
            let words = format!("At most {MOST_ROWS} jobs at once. Nothing was changed.");
            return Err(PageError::BadRequest(words));
        }
        Ok(jobs)
    }

    /// Where the form wants to return to, if that is a page of ours.
    fn back(&self) -> Option<&str> {
        let plain = |path: &&str| {
            path.starts_with('/')
                && !path.starts_with("//")
                && path
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        };
        self.value("back").filter(plain)
    }
}

fn not_a_job() -> PageError {
    PageError::BadRequest("The form names something that is no job. Nothing was changed.".into())
}

async fn act(
    shared: &Shared,
    visit: &Visit,
    action: Action,
    jobs: &[Seen],
) -> Result<Flash, StorageError> {
    let mut flash = Flash::nothing_yet(action);
    for seen in jobs {
        match act_on(shared, &visit.viewer.actor, action, *seen).await? {
            Commanded::Done => flash.done += 1,
            Commanded::NotFound => flash.gone += 1,
            Commanded::NotApplicable(state) => {
                flash.moved_on += 1;
                flash.now_in = Some(state);
            }
        }
    }

    Ok(flash)
}

/// One job. It is looked at first: who decided on what a page showed did not decide about what the
/// job has become since.
async fn act_on(
    shared: &Shared,
    actor: &str,
    action: Action,
    seen: Seen,
) -> Result<Commanded, StorageError> {
    let Some(job) = shared.storage.job(seen.job).await? else {
        return Ok(Commanded::NotFound);
    };
    let now = job.summary;
    let moved_on = seen.changed_at.is_some_and(|seen| seen != now.changed_at);
    if moved_on {
        return Ok(Commanded::NotApplicable(now.state));
    }

    let reason = action.reason(actor);
    let answer = shared
        .storage
        .command(seen.job, action.command(), &reason)
        .await?;
    tracing::info!(%actor, action = action.name(), job = %seen.job, ?answer, "acted on a job");
    Ok(answer)
}

fn back(form: &CheckedForm, otherwise: &str, flash: Flash) -> Response {
    let path = form.visit.mount.cookie_path();
    let cookie = cookies::write(flash::COOKIE, &flash.to_cookie(), path, Stay::Session);
    let mut response = see_other(form, otherwise);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn see_other(form: &CheckedForm, otherwise: &str) -> Response {
    let url = form.visit.url(form.back().unwrap_or(otherwise));
    let location = HeaderValue::from_str(&url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seen_job_reads_back_from_its_form() {
        let job = JobId::random();
        let changed_at =
            Timestamp::from_nanosecond(1_795_246_800_123_456_789).expect("the time is in range");

        for changed_at in [Some(changed_at), None] {
            let seen = Seen { job, changed_at };
            assert_eq!(Seen::parse(&seen.to_field()), Some(seen));
        }
    }

    #[test]
    fn what_is_no_seen_job_is_refused() {
        let id = JobId::random();
        for text in ["", "1", "~", &format!("{id}~"), &format!("{id}~soon")] {
            assert_eq!(Seen::parse(text), None, "{text}");
        }
    }
}
