use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use job_engine::storage::{ServerOrder, ServerSummary};
use job_engine::{ActError, ServerId};
use serde::Deserialize;

use super::{CheckedForm, back};
use crate::Shared;
use crate::access::Permission;
use crate::html::icon::{self, Icon};
use crate::notice::Notice;
use crate::page::PageError;
use crate::pages::servers;

/// What a person can do to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerAction {
    Quiet,
    WorkAgain,
    Stop,
}

impl ServerAction {
    pub(crate) const ALL: [Self; 3] = [Self::Quiet, Self::WorkAgain, Self::Stop];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::WorkAgain => "work",
            Self::Stop => "stop",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    /// The words on its button.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Quiet => "Quiet",
            Self::WorkAgain => "Work again",
            Self::Stop => "Stop",
        }
    }

    /// The sign on its button where there is no room for words.
    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Quiet => icon::PAUSED,
            Self::WorkAgain => icon::PROCESSING,
            Self::Stop => icon::STOPPED,
        }
    }

    /// What it does, for the button's tooltip.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::Quiet => "Takes no more jobs; what runs goes on",
            Self::WorkAgain => "Takes jobs again",
            Self::Stop => {
                "Lets running jobs end, hands back what does not end in time, and is gone"
            }
        }
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Quiet => "The server takes no more jobs, from its next heartbeat on.",
            Self::WorkAgain => "The server takes jobs again, from its next heartbeat on.",
            Self::Stop => "The server stops. It is gone when its jobs have ended.",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/servers/actions/{}", self.name())
    }

    /// Whether pages offer it for a server that was told this.
    pub(crate) fn offered_after(self, order: Option<ServerOrder>) -> bool {
        match order {
            None => self != Self::WorkAgain,
            Some(ServerOrder::Quiet) => self != Self::Quiet,
            Some(ServerOrder::Stop) => false,
        }
    }

    const fn order(self) -> Option<ServerOrder> {
        match self {
            Self::Quiet => Some(ServerOrder::Quiet),
            Self::WorkAgain => None,
            Self::Stop => Some(ServerOrder::Stop),
        }
    }
}

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    action: String,
}

pub(crate) async fn on_server(
    State(shared): State<Shared>,
    Path(Named { action }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ManageServers)?;
    let action = ServerAction::parse(&action)
        .ok_or_else(|| PageError::NotFound("The dashboard has no such action.".to_owned()))?;
    let server = named(&shared, &form).await?;
    if action == ServerAction::Stop && form.value("sure").is_none() {
        return Ok(servers::sure_to_stop(&form.visit, &server).into_response());
    }

    let actor = form.actor(&shared);
    actor.order_server(server.id, action.order()).await?;
    Ok(back(&form, "/servers", Notice::Server(action)))
}

async fn named(shared: &Shared, form: &CheckedForm) -> Result<ServerSummary, PageError> {
    let id = form
        .value("server")
        .unwrap_or_default()
        .parse()
        .map(ServerId);
    let id = id.map_err(|_| PageError::BadRequest("The form names no server.".to_owned()))?;
    let servers = shared.storage.servers().await?;
    let server = servers.into_iter().find(|server| server.id == id);
    server
        .ok_or_else(|| ActError::MovedOn("This server is not running any more.".to_owned()).into())
}
