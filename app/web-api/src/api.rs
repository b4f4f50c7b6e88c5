use std::sync::Arc;

use application::App;
use infrastructure::Adapters;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::client_limits::ClientLimits;
use crate::config::Config;
use crate::hubs::NotificationHub;
use crate::identity::Identity;

/// Everything that a handler can reach.
pub struct Api {
    pub app: App,
    pub config: Config,
    pub identity: Arc<Identity>,
    pub limits: ClientLimits,
    pub adapters: Adapters,
    pub hub: NotificationHub,
    pub metrics: PrometheusHandle,
}

pub type SharedApi = Arc<Api>;

impl Api {
    /// Whether browsers reach us over TLS.
    pub fn is_https(&self) -> bool {
        self.config.public_url.is_https()
    }
}
