use axum::extract::{Form, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use job_engine::Actor;

use crate::access::Permission;
use crate::actions::Action;
use crate::page::PageError;
use crate::seen::Seen;
use crate::visit::Visit;
use crate::{Shared, form_token};

/// The most rows that one form may act on.
const MOST_ROWS: usize = 1000;

/// The fields of a form that carried the right token.
pub(crate) struct CheckedForm {
    pub(crate) visit: Visit,
    fields: Vec<(String, String)>,
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
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str())
    }

    /// Who has sent it, to act for them.
    pub(crate) fn actor(&self, shared: &Shared) -> Actor {
        let name = self.visit.viewer.actor.clone();
        Actor::new(shared.storage.clone(), name).acting("on the dashboard")
    }

    /// The action of this name, if there is one and the viewer may do it.
    pub(crate) fn allowed(&self, action: &str) -> Result<Action, PageError> {
        if !self.visit.viewer.may_act {
            return Err(self.refused());
        }
        let action = Action::parse(action).ok_or_else(PageError::no_such_action)?;
        self.may(action.permission())?;
        Ok(action)
    }

    /// Refuses who may not do this.
    pub(crate) fn may(&self, permission: Permission) -> Result<(), PageError> {
        if self.visit.viewer.may(permission) {
            return Ok(());
        }
        Err(self.refused())
    }

    fn refused(&self) -> PageError {
        tracing::warn!(actor = %self.visit.viewer.actor, "refused an action that is not permitted");
        PageError::ReadOnly
    }

    pub(crate) fn ticked(&self) -> Result<Vec<Seen>, PageError> {
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
    pub(crate) fn back(&self) -> Option<&str> {
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

pub(crate) fn not_a_job() -> PageError {
    PageError::BadRequest("The form names something that is no job. Nothing was changed.".into())
}
