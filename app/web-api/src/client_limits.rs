use std::fmt;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::api::SharedApi;
use crate::client_address::client_address;
use crate::config::Limits;
use crate::error::ApiError;
use crate::rate_limit::{RateLimit, client_key};

/// What one client may ask for without being signed in.
#[derive(Debug)]
pub struct ClientLimits {
    pub failed_sign_ins: RateLimit<Client>,
    pub sign_ups: RateLimit<Client>,
    pub public_questions: RateLimit<Client>,
}

impl ClientLimits {
    pub fn new(limits: Limits) -> Self {
        Self {
            failed_sign_ins: RateLimit::new(limits.sign_in),
            sign_ups: RateLimit::new(limits.sign_up),
            public_questions: RateLimit::new(limits.public),
        }
    }
}

/// Who asks, as far as limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromRequestParts<SharedApi> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, ApiError> {
        let address = client_address(&api.config, &parts.extensions, &parts.headers);
        Ok(Self(client_key(address)))
    }
}
