//! What users write: a hub and the methods clients may call.

use std::{collections::HashMap, future::Future, sync::Arc};

use async_trait::async_trait;

use crate::{
    caller::Caller,
    error::HubError,
    methods::{Function, Method, Run, StreamFunction},
};

/// A place clients connect to and call. One value serves all of its connections; it holds what its
/// methods need.
///
/// ```
/// use std::sync::Arc;
/// use signalr_hub::{Caller, Hub, HubError, Methods};
///
/// struct Chat;
///
/// impl Hub for Chat {
///     fn methods(methods: Methods<Self>) -> Methods<Self> {
///         methods.on("Say", Self::say)
///     }
/// }
///
/// impl Chat {
///     async fn say(self: Arc<Self>, caller: Caller, text: String) -> Result<(), HubError> {
///         caller.clients().all().send("Said", (text,)).await?;
///         Ok(())
///     }
/// }
/// ```
pub trait Hub: Sized + Send + Sync + 'static {
    /// Lists the methods clients may call.
    fn methods(methods: Methods<Self>) -> Methods<Self>;

    /// Runs when a client has connected, before any of its calls. An error ends the connection.
    fn connected(&self, caller: &Caller) -> impl Future<Output = Result<(), HubError>> + Send {
        let _ = caller;
        async { Ok(()) }
    }

    /// Runs when a client has proved anew who it is, if
    /// [`authentication_refresh`](crate::ConnectionOptions::authentication_refresh) lets it: the caller's
    /// [`user`](Caller::user) is the new one. Calls go on meanwhile.
    fn refreshed(&self, caller: &Caller) -> impl Future<Output = ()> + Send {
        let _ = caller;
        async {}
    }

    /// Runs when a connection has ended, after its last call. `reason` is none when the client left
    /// in an orderly way.
    fn disconnected(
        &self,
        caller: &Caller,
        reason: Option<&HubError>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (caller, reason);
        async {}
    }
}

/// The methods of a hub. Their names are compared without regard to case.
pub struct Methods<H> {
    methods: HashMap<String, Method<H>>,
    latest: String,
}

impl<H: Hub> Methods<H> {
    pub(crate) fn of_hub() -> Self {
        H::methods(Self {
            methods: HashMap::new(),
            latest: String::new(),
        })
    }

    /// Adds a method that answers once: an async function of the hub, the [`Caller`] and up to eight
    /// arguments, to `Result<impl Serialize, impl Into<HubError>>`.
    ///
    /// # Panics
    ///
    /// If there is a method of this name already.
    pub fn on<A, F: Function<H, A>>(self, name: &str, function: F) -> Self {
        self.add(name, Method::plain(function))
    }

    /// Adds a method that answers with a stream: as with [`on`](Self::on), but the function results
    /// in a stream of `Result<impl Serialize, impl Into<HubError>>`, which is dropped when the client
    /// cancels it or leaves.
    ///
    /// # Panics
    ///
    /// If there is a method of this name already.
    pub fn stream<A, F: StreamFunction<H, A>>(self, name: &str, function: F) -> Self {
        self.add(name, Method::stream(function))
    }

    /// Lets only some callers call the method added last.
    ///
    /// # Panics
    ///
    /// If no method was added yet.
    pub fn only_if(mut self, allowed: impl Fn(&Caller) -> bool + Send + Sync + 'static) -> Self {
        self.methods
            .get_mut(&self.latest)
            .expect("`only_if` comes after a method")
            .allow(allowed);
        self
    }

    fn add(mut self, name: &str, method: Method<H>) -> Self {
        self.latest = name.to_ascii_lowercase();
        let replaced = self.methods.insert(self.latest.clone(), method);
        assert!(replaced.is_none(), "the hub has two methods called {name}");
        self
    }
}

/// A hub as its sessions see it, whatever its type.
#[async_trait]
pub(crate) trait AnyHub: Send + Sync + 'static {
    fn find(&self, method: &str) -> Option<FoundMethod<'_>>;
    async fn connected(&self, caller: &Caller) -> Result<(), HubError>;
    async fn refreshed(&self, caller: &Caller);
    async fn disconnected(&self, caller: &Caller, reason: Option<&HubError>);
}

pub(crate) struct FoundMethod<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) arguments: usize,
    pub(crate) streams: usize,
    pub(crate) allowed: &'a (dyn Fn(&Caller) -> bool + Send + Sync),
}

pub(crate) struct HubWithMethods<H> {
    hub: Arc<H>,
    methods: HashMap<String, Method<H>>,
}

impl<H: Hub> HubWithMethods<H> {
    pub(crate) fn prepare(hub: H) -> Self {
        Self {
            hub: Arc::new(hub),
            methods: Methods::<H>::of_hub().methods,
        }
    }
}

#[async_trait]
impl<H: Hub> AnyHub for HubWithMethods<H> {
    fn find(&self, method: &str) -> Option<FoundMethod<'_>> {
        let method = self.methods.get(&method.to_ascii_lowercase())?;
        Some(method.bind(&self.hub))
    }

    async fn connected(&self, caller: &Caller) -> Result<(), HubError> {
        self.hub.connected(caller).await
    }

    async fn refreshed(&self, caller: &Caller) {
        self.hub.refreshed(caller).await;
    }

    async fn disconnected(&self, caller: &Caller, reason: Option<&HubError>) {
        self.hub.disconnected(caller, reason).await;
    }
}
