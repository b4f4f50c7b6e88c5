use application::App;
use async_trait::async_trait;
use domain::Role;
use serde_json::{Map, Value};
use signalr_hub::{Authenticate, Credentials, Refused, User};
use std::sync::Arc;

use crate::current_user::{CurrentUser, signed_in};
use crate::open_sessions::OpenSessions;
use crate::tokens::{Purpose, Tokens};
