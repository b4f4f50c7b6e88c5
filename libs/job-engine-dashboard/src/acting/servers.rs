use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use job_engine::storage::ServerSummary;
use job_engine::{ActError, ServerId};

use super::{CheckedForm, Named, back};
use crate::Shared;
use crate::access::Permission;
use crate::actions::ServerAction;
use crate::notice::Notice;
use crate::page::PageError;
use crate::pages::servers;

pub(crate) async fn on_server(
    State(shared): State<Shared>,
    Path(Named { action }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ManageServers)?;
    let action = ServerAction::parse(&action).ok_or_else(PageError::no_such_action)?;
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
