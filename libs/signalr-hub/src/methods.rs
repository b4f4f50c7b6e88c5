//! From typed functions to methods that take and give bytes.

use std::{future::Future, sync::Arc};

use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use serde::Serialize;

use crate::{
    arguments::{Argument, Arguments},
    caller::Caller,
    error::HubError,
    hub::FoundMethod,
    protocol::Payload,
};

/// What a call results in.
pub type Answer = Result<Payload, HubError>;
/// What a call of a stream method results in.
pub type Answers = Result<BoxStream<'static, Answer>, HubError>;

/// A call under way; an error if the arguments are not those of the method.
pub type Started<T> = Result<BoxFuture<'static, T>, HubError>;

type Plain<H> = Box<dyn Fn(Arc<H>, Caller, Arguments) -> Started<Answer> + Send + Sync>;
type Streaming<H> = Box<dyn Fn(Arc<H>, Caller, Arguments) -> Started<Answers> + Send + Sync>;
type Allowed = Box<dyn Fn(&Caller) -> bool + Send + Sync>;

pub(crate) struct Method<H> {
    body: Body<H>,
    arguments: usize,
    streams: usize,
    allowed: Allowed,
}

enum Body<H> {
    Plain(Plain<H>),
    Stream(Streaming<H>),
}

/// A method of a certain hub, ready to be run.
pub(crate) enum Run<'a> {
    Plain(Box<dyn FnOnce(Caller, Arguments) -> Started<Answer> + Send + 'a>),
    Stream(Box<dyn FnOnce(Caller, Arguments) -> Started<Answers> + Send + 'a>),
}

impl<H: Send + Sync + 'static> Method<H> {
    pub(crate) fn plain<A, F: Function<H, A>>(function: F) -> Self {
        let body: Plain<H> =
            Box::new(move |hub, caller, arguments| function.call(hub, caller, arguments));
        Self::with_body(Body::Plain(body), F::ARGUMENTS, F::STREAMS)
    }

    pub(crate) fn stream<A, F: StreamFunction<H, A>>(function: F) -> Self {
        let body: Streaming<H> =
            Box::new(move |hub, caller, arguments| function.call(hub, caller, arguments));
        Self::with_body(Body::Stream(body), F::ARGUMENTS, F::STREAMS)
    }

    pub(crate) fn allow(&mut self, allowed: impl Fn(&Caller) -> bool + Send + Sync + 'static) {
        self.allowed = Box::new(allowed);
    }

    pub(crate) fn bind(&self, hub: &Arc<H>) -> FoundMethod<'_> {
        let hub = Arc::clone(hub);
        let run = match &self.body {
            Body::Plain(body) => Run::Plain(Box::new(move |caller, arguments| {
                body(hub, caller, arguments)
            })),
            Body::Stream(body) => Run::Stream(Box::new(move |caller, arguments| {
                body(hub, caller, arguments)
            })),
        };
        FoundMethod {
            run,
            arguments: self.arguments,
            streams: self.streams,
            allowed: &*self.allowed,
        }
    }

    fn with_body(body: Body<H>, arguments: usize, streams: usize) -> Self {
        Self {
            body,
            arguments,
            streams,
            allowed: Box::new(|_| true),
        }
    }
}

/// An async function that can be a hub method. Implemented for functions of the hub (in an `Arc`), the
/// [`Caller`] and up to eight arguments; not to be implemented by hand.
pub trait Function<H, A>: Send + Sync + 'static {
    #[doc(hidden)]
    const ARGUMENTS: usize;
    #[doc(hidden)]
    const STREAMS: usize;
    #[doc(hidden)]
    fn call(&self, hub: Arc<H>, caller: Caller, arguments: Arguments) -> Started<Answer>;
}

/// An async function that can be a stream method of a hub: as [`Function`], resulting in a stream.
pub trait StreamFunction<H, A>: Send + Sync + 'static {
    #[doc(hidden)]
    const ARGUMENTS: usize;
    #[doc(hidden)]
    const STREAMS: usize;
    #[doc(hidden)]
    fn call(&self, hub: Arc<H>, caller: Caller, arguments: Arguments) -> Started<Answers>;
}

macro_rules! functions_of {
    ($($argument:ident $value:ident),*) => {
        impl<H, F, R, T, E, $($argument),*> Function<H, ($($argument,)*)> for F
        where
            H: Send + Sync + 'static,
            F: Fn(Arc<H>, Caller, $($argument),*) -> R + Send + Sync + 'static,
            R: Future<Output = Result<T, E>> + Send + 'static,
            T: Serialize,
            E: Into<HubError>,
            $($argument: Argument,)*
        {
            const ARGUMENTS: usize = 0 $(+ $argument::VALUES)*;
            const STREAMS: usize = 0 $(+ $argument::STREAMS)*;

            fn call(
                &self,
                hub: Arc<H>,
                caller: Caller,
                arguments: Arguments,
            ) -> Started<Answer> {
                let left = &mut { arguments };
                $(let $value = $argument::take(left)?;)*
                debug_assert!(left.are_taken(), "counted before the call");
                let protocol = caller.protocol();
                let result = self(hub, caller, $($value),*);
                let answer = async move {
                    let value = result.await.map_err(Into::into)?;
                    Ok(protocol.encode(&value)?)
                };
                Ok(answer.boxed())
            }
        }

        impl<H, F, R, S, T, E, I, $($argument),*> StreamFunction<H, ($($argument,)*)> for F
        where
            H: Send + Sync + 'static,
            F: Fn(Arc<H>, Caller, $($argument),*) -> R + Send + Sync + 'static,
            R: Future<Output = Result<S, E>> + Send + 'static,
            S: Stream<Item = Result<T, I>> + Send + 'static,
            T: Serialize,
            E: Into<HubError>,
            I: Into<HubError>,
            $($argument: Argument,)*
        {
            const ARGUMENTS: usize = 0 $(+ $argument::VALUES)*;
            const STREAMS: usize = 0 $(+ $argument::STREAMS)*;

            fn call(
                &self,
                hub: Arc<H>,
                caller: Caller,
                arguments: Arguments,
            ) -> Started<Answers> {
                let left = &mut { arguments };
                $(let $value = $argument::take(left)?;)*
                debug_assert!(left.are_taken(), "counted before the call");
                let protocol = caller.protocol();
                let result = self(hub, caller, $($value),*);
                let answers = async move {
                    let stream = result.await.map_err(Into::into)?;
                    let answers = stream.map(move |item| {
                        let value = item.map_err(Into::into)?;
                        Ok(protocol.encode(&value)?)
                    });
                    Ok(answers.boxed())
                };
                Ok(answers.boxed())
            }
        }
    };
}

functions_of!();
functions_of!(A1 a1);
functions_of!(A1 a1, A2 a2);
functions_of!(A1 a1, A2 a2, A3 a3);
functions_of!(A1 a1, A2 a2, A3 a3, A4 a4);
functions_of!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5);
functions_of!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6);
functions_of!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6, A7 a7);
functions_of!(A1 a1, A2 a2, A3 a3, A4 a4, A5 a5, A6 a6, A7 a7, A8 a8);
