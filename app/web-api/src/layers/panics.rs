use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// The answer where the handler panicked; the panic hook has logged the place.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands over what it caught"
)]
pub fn answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    ApiError::Internal(anyhow::anyhow!("panic: {what}")).into_response()
}
