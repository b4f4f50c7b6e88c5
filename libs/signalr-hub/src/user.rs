//! Who a connection belongs to, and the application's say in it.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};

/// The person or program behind a connection.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// The name by which [`Clients::user`](crate::Clients::user) finds all connections of this user.
    /// Compared exactly. None: nobody in particular.
    pub id: Option<String>,
    /// What else the application knows, such as roles: the claims of a JWT.
    pub claims: Map<String, Value>,
    /// When the proof of identity ends. See
    /// [`close_on_expiry`](crate::ConnectionOptions::close_on_expiry).
    pub expires_at: Option<SystemTime>,
}

impl User {
    /// Somebody without a name.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// A user with this id, without claims or expiry.
    pub fn with_id(id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Whether a claim is this text, or a list that holds it.
    pub fn has_claim(&self, name: &str, value: &str) -> bool {
        match self.claims.get(name) {
            Some(Value::Array(values)) => values.iter().any(|held| held == value),
            Some(held) => held == value,
            None => false,
        }
    }
}

/// A secret that came with a request. It prints as dots, so that it cannot reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A secret that this program gives out.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Compares in a time that does not tell where they differ.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let (left, right) = (self.0.as_bytes(), other.0.as_bytes());
        let difference = left
            .iter()
            .zip(right)
            .fold(0, |difference, (left, right)| difference | (left ^ right));
        left.len() == right.len() && difference == 0
    }

    /// The secret itself: for checking it, nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// What a request to a hub brings to prove who it comes from.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The token of `Authorization: Bearer`, or else the `access_token` of the query.
    pub token: Option<&'a Token>,
    /// All headers of the request, such as cookies.
    pub headers: &'a HeaderMap,
    /// Path and query, without the `access_token`.
    pub uri: &'a Uri,
}

/// Says who makes a request. Asked for each request: negotiation, connection, poll and send.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// The user, or why the request is refused.
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused>;
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Answered with 401: it is not known who asks.
    #[error("not authenticated")]
    Unauthorized,
    /// Answered with 403: it is known, and they may not.
    #[error("not allowed")]
    Forbidden,
}

/// Lets clients prove anew who they are without reconnecting: a `POST` with a new token to
/// `path/refresh`, which the clients of ASP.NET Core 11 make by themselves before their token expires.
///
/// It must be the same user. The hub hears of it in [`Hub::refreshed`](crate::Hub::refreshed); groups, and
/// the id messages are routed by, stay as they are.
#[derive(Clone)]
pub struct AuthenticationRefresh {
    is_allowed: Arc<IsAllowed>,
}

type IsAllowed = dyn Fn(&User, &User) -> bool + Send + Sync;

impl AuthenticationRefresh {
    /// Takes whatever [`Authenticate`] says about the user.
    pub fn always() -> Self {
        Self::only_if(|_, _| true)
    }

    /// Asks first, with the user as known until now and as known from now on. A refresh that is not
    /// allowed is answered with 403 and changes nothing; a poll by a user who changed in a way that is
    /// not allowed ends the connection.
    pub fn only_if(is_allowed: impl Fn(&User, &User) -> bool + Send + Sync + 'static) -> Self {
        Self {
            is_allowed: Arc::new(is_allowed),
        }
    }

    pub(crate) fn allows(&self, before: &User, after: &User) -> bool {
        (self.is_allowed)(before, after)
    }
}

/// Lets everyone in, without a name: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anyone;

#[async_trait]
impl Authenticate for Anyone {
    async fn authenticate(&self, _: &Credentials<'_>) -> Result<User, Refused> {
        Ok(User::anonymous())
    }
}
