use super::{ActError, Actor};
use crate::storage::{Order, ServerId, ServerOrder};

impl Actor {
    /// Tells a server what to do from its next heartbeat on; with `None` it works again.
    pub async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<(), ActError> {
        let servers = self.storage.servers().await?;
        let known = servers.into_iter().find(|known| known.id == server);
        let known = known.ok_or_else(|| {
            ActError::NotFound(format!("No server with the id {server} is running."))
        })?;

        let action = match order {
            Some(ServerOrder::Quiet) => "quiet server",
            Some(ServerOrder::Stop) => "stop server",
            None => "work again server",
        };
        let deed = self.deed(action, known.name);
        if self
            .order(&Order::OrderServer { server, order }, &deed)
            .await?
        {
            return Ok(());
        }
        Err(ActError::moved_on(
            "Somebody has told this server the same meanwhile, or to stop.",
        ))
    }
}
