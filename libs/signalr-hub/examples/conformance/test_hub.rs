//! The hub the tests call.

#![expect(
    clippy::unused_async,
    reason = "hub methods are async, whether they wait or not"
)]

use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use signalr_hub::{Caller, Hub, HubError, Methods, Upload};

use crate::complex_object::ComplexObject;

pub struct TestHub;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomObject {
    name: String,
    value: i32,
}

impl Hub for TestHub {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
            .on("Echo", Self::echo)
            .on("GetCallerConnectionId", Self::get_caller_connection_id)
            .on("GetNumRedirects", Self::get_num_redirects)
            .on("ThrowException", Self::throw_exception)
            .on("InvokeWithString", Self::invoke_with_string)
            .on("SendCustomObject", Self::send_custom_object)
            .stream("Stream", Self::stream)
            .stream("InfiniteStream", Self::infinite_stream)
            .on("StreamingConcat", Self::streaming_concat)
            .stream("EmptyStream", Self::empty_stream)
            .stream("StreamThrowException", Self::stream_throw_exception)
            .on("GetActiveTransportName", Self::get_active_transport_name)
            .on("EchoComplexObject", Self::echo_complex_object)
            .on("SendComplexObject", Self::send_complex_object)
            .on("GetContentTypeHeader", Self::get_content_type_header)
            .on("GetHeader", Self::get_header)
            .on("GetCookie", Self::get_cookie)
    }
}

impl TestHub {
    async fn echo(self: Arc<Self>, _: Caller, text: String) -> Result<String, HubError> {
        Ok(text)
    }

    async fn get_caller_connection_id(self: Arc<Self>, caller: Caller) -> Result<String, HubError> {
        Ok(caller.connection_id().to_owned())
    }

    async fn get_num_redirects(self: Arc<Self>, caller: Caller) -> Result<i32, HubError> {
        let number = caller.request().query("numRedirects");
        Ok(number.as_deref().unwrap_or("0").parse()?)
    }

    async fn throw_exception(self: Arc<Self>, _: Caller, text: String) -> Result<(), HubError> {
        Err(invalid_operation(text))
    }

    async fn invoke_with_string(
        self: Arc<Self>,
        caller: Caller,
        text: String,
    ) -> Result<(), HubError> {
        caller.send("Message", (text,)).await?;
        Ok(())
    }

    async fn send_custom_object(
        self: Arc<Self>,
        caller: Caller,
        object: CustomObject,
    ) -> Result<(), HubError> {
        caller.send("CustomObject", (object,)).await?;
        Ok(())
    }

    async fn stream(
        self: Arc<Self>,
        _: Caller,
    ) -> Result<impl Stream<Item = Result<&'static str, HubError>>, HubError> {
        Ok(stream::iter(["a", "b", "c"]).map(Ok))
    }

    async fn infinite_stream(
        self: Arc<Self>,
        caller: Caller,
    ) -> Result<impl Stream<Item = Result<i32, HubError>>, HubError> {
        tokio::spawn(async move {
            caller.cancelled().cancelled().await;
            if let Err(error) = caller.send("StreamCanceled", ()).await {
                tracing::warn!(%error, "the client was not told that its stream ended");
            }
        });
        Ok(stream::pending())
    }

    async fn streaming_concat(
        self: Arc<Self>,
        _: Caller,
        texts: Upload<String>,
    ) -> Result<String, HubError> {
        let all: Vec<String> = texts.try_collect().await?;
        Ok(all.concat())
    }

    async fn empty_stream(
        self: Arc<Self>,
        _: Caller,
    ) -> Result<impl Stream<Item = Result<i32, HubError>>, HubError> {
        Ok(stream::empty())
    }

    async fn stream_throw_exception(
        self: Arc<Self>,
        _: Caller,
        text: String,
    ) -> Result<stream::Empty<Result<i32, HubError>>, HubError> {
        Err(invalid_operation(text))
    }

    async fn get_active_transport_name(
        self: Arc<Self>,
        caller: Caller,
    ) -> Result<&'static str, HubError> {
        Ok(caller.transport().name())
    }

    async fn echo_complex_object(
        self: Arc<Self>,
        _: Caller,
        object: ComplexObject,
    ) -> Result<ComplexObject, HubError> {
        Ok(object)
    }

    async fn send_complex_object(self: Arc<Self>, _: Caller) -> Result<ComplexObject, HubError> {
        Ok(ComplexObject::sample())
    }

    async fn get_content_type_header(
        self: Arc<Self>,
        caller: Caller,
    ) -> Result<Option<String>, HubError> {
        Ok(caller.request().header("Content-Type").map(str::to_owned))
    }

    async fn get_header(
        self: Arc<Self>,
        caller: Caller,
        name: String,
    ) -> Result<Option<String>, HubError> {
        Ok(caller.request().header(&name).map(str::to_owned))
    }

    async fn get_cookie(
        self: Arc<Self>,
        caller: Caller,
        name: String,
    ) -> Result<Option<String>, HubError> {
        Ok(caller.request().cookie(&name).map(str::to_owned))
    }
}

/// A hub nobody can connect to.
pub struct UncreatableHub;

impl Hub for UncreatableHub {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
    }

    async fn connected(&self, _: &Caller) -> Result<(), HubError> {
        Err(invalid_operation(
            "Unable to resolve service for type 'System.Object' while attempting to activate 'FunctionalTests.UncreatableHub'.",
        ))
    }
}

fn invalid_operation(text: impl Into<String>) -> HubError {
    HubError::internal("InvalidOperationException", text)
}
