use std::fmt;
use std::net::IpAddr;

use crate::config::Limits;
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

impl Client {
    pub fn at(address: IpAddr) -> Self {
        Self(client_key(address))
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
