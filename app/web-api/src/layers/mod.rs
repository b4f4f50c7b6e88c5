//! What happens around every request.

pub mod observe;
pub mod panics;
pub mod security_headers;
pub mod time_limit;
