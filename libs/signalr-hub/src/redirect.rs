//! Sending clients to another hub when they negotiate.

use std::{fmt, sync::Arc};

use http::Uri;

use crate::user::{Token, User};

/// Answers negotiations with the address of another hub: clients go there by themselves and negotiate
/// anew. For a hub that has moved, or servers of which each has its own address.
///
/// ```
/// use signalr_hub::{ConnectionOptions, Elsewhere, Redirect};
///
/// let options = ConnectionOptions {
///     redirect: Some(Redirect::by(|user, _| {
///         let is_tester = user.has_claim("role", "tester");
///         is_tester.then(|| Elsewhere::at("https://next.example.com/chat"))
///     })),
///     ..ConnectionOptions::default()
/// };
/// # drop(options);
/// ```
#[derive(Clone)]
pub struct Redirect(Arc<Decide>);

type Decide = dyn Fn(&User, &Uri) -> Option<Elsewhere> + Send + Sync;

/// Where a client goes instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The address of the other hub, absolute. Its query goes with every request of the client there.
    pub url: String,
    /// What the client uses there instead of its own token. Default none: it keeps that.
    pub access_token: Option<Token>,
}

impl Elsewhere {
    /// At this address, with the client's own token.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            access_token: None,
        }
    }
}

impl Redirect {
    /// Asks with the user, who has been authenticated here, and the address of the negotiation without its
    /// `access_token`. None: the client stays.
    pub fn by(decide: impl Fn(&User, &Uri) -> Option<Elsewhere> + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    /// Sends everyone to this address.
    pub fn to(url: impl Into<String>) -> Self {
        let elsewhere = Elsewhere::at(url);
        Self::by(move |_, _| Some(elsewhere.clone()))
    }

    pub(crate) fn of(&self, user: &User, uri: &Uri) -> Option<Elsewhere> {
        (self.0)(user, uri)
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redirect")
    }
}
