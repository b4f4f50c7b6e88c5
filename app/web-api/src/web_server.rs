use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use application::App;
use application::users::{FirstAdmin, create_first_admin};
use axum::extract::Request;
use job_engine::RunningServer;
use signalr_hub::FrontDoor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::try_join;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::api::Api;
use crate::client_limits::ClientLimits;
use crate::config::Config;
use crate::wiring::Process;
use crate::{hubs, listener, measurements, router};

/// A web server that runs, with its workers.
pub struct WebServer {
    address: SocketAddr,
    first_admin: FirstAdmin,
    api: Arc<Api>,
    process: Process,
    workers: Option<RunningServer>,
    listener: JoinHandle<()>,
    stop: CancellationToken,
    _chores: [AbortOnDropHandle<()>; 2],
}

impl WebServer {
    /// Starts everything. `greet` is called when all is there, before the first answer.
    pub async fn start(
        config: Config,
        greet: impl FnOnce(&FirstAdmin) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        // First, so that an address that is taken is told before anything is touched.
        let socket = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("DIQUIS_LISTEN: cannot listen on {}", config.listen))?;
        let address = socket.local_addr()?;

        // Before the workers, which look up once what they count with.
        let metrics = measurements::recorder();
        let process = Process::assemble(&config).await?;
        let (first_admin, workers) = try_join!(
            first_admin(&process.app, &config),
            workers(&process, &config)
        )?;

        let stop = CancellationToken::new();
        let api = Arc::new(Api {
            app: process.app.clone(),
            identity: process.identity.clone(),
            limits: ClientLimits::new(config.limits),
            adapters: process.adapters.clone(),
            hub: process.hub.clone(),
            metrics,
            config,
        });
        let door = FrontDoor::to([hubs::PATH]);
        let service = MapRequestLayer::new(move |request: Request| door.open(request))
            .layer(router::router(&api, stop.clone()));

        greet(&first_admin)?;
        let listener = tokio::spawn(listener::serve(socket, service, stop.clone()));

        Ok(Self {
            address,
            first_admin,
            _chores: chores(&process),
            api,
            process,
            workers,
            listener,
            stop,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it does, from the inside.
    pub const fn app(&self) -> &App {
        &self.process.app
    }

    /// How the first Super Admin gets in.
    pub const fn first_admin(&self) -> &FirstAdmin {
        &self.first_admin
    }

    /// Accepts nothing more, lets what is under way finish, hands back the jobs that do not finish
    /// in time, and tells the hub's clients that they may come back.
    pub async fn stop(self) {
        self.stop.cancel();
        let jobs = async {
            if let Some(workers) = self.workers {
                workers.stop().await;
            }
        };
        let (ended, (), ()) = tokio::join!(self.listener, jobs, self.process.hub.stop());
        if let Err(error) = ended {
            tracing::error!(%error, "the web server did not end well");
        }
        drop(self.api);
        self.process.adapters.close().await;
    }
}

async fn first_admin(app: &App, config: &Config) -> anyhow::Result<FirstAdmin> {
    let password = config.admin_password.as_ref();
    Ok(create_first_admin(app, &config.admin_email, password).await?)
}

async fn workers(process: &Process, config: &Config) -> anyhow::Result<Option<RunningServer>> {
    if config.workers == Some(0) {
        return Ok(None);
    }
    process.start_workers(config).await.map(Some)
}

fn chores(process: &Process) -> [AbortOnDropHandle<()>; 2] {
    let hub = process.hub.clone();
    let review = tokio::spawn(async move { hub.review().await });
    let upkeep = tokio::spawn(measurements::keep_small());
    [review, upkeep].map(AbortOnDropHandle::new)
}
