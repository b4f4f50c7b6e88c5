//! Starting a hub.

use std::sync::Arc;

use axum::Router;

use crate::{
    core::Core,
    endpoint::{Application, Endpoint},
    hub::Hub,
    hub_context::HubContext,
    options::HubOptions,
    transports,
};

/// A hub that is running: the router clients connect to, and the [`HubContext`] through which the rest
/// of the program speaks to them.
///
/// Ends with its last router, context and connection.
#[derive(Clone)]
pub struct HubServer {
    core: Arc<Core>,
    endpoint: Arc<Endpoint>,
}

/// Offers a hub at a path: for hubs that only speak when they are called.
///
/// To send from elsewhere in the program, start a [`HubServer`] and keep its context.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn hub_router<H: Hub>(path: &str, hub: H, options: HubOptions) -> Router {
    HubServer::start(hub, options).router(path)
}

impl HubServer {
    /// Starts a hub.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start<H: Hub>(hub: H, options: HubOptions) -> Self {
        let core = Arc::new(Core::prepare(hub, options));
        core.start_watches();
        let application = Arc::clone(&core) as Arc<dyn Application>;
        let endpoint = Endpoint::start(application, core.options.connections.clone());
        Self { core, endpoint }
    }

    /// The routes of the hub: `path` itself and `path/negotiate`.
    pub fn router(&self, path: &str) -> Router {
        transports::router(path, Arc::clone(&self.endpoint))
    }

    /// The handle for sending from outside of hub methods.
    pub fn context(&self) -> HubContext {
        HubContext::of(Arc::clone(&self.core), Arc::clone(&self.endpoint))
    }
}
