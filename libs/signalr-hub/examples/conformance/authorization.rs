//! A hub for those who have a token, and the tokens.

#![expect(
    clippy::unused_async,
    reason = "hub methods are async, whether they wait or not"
)]

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value};
use signalr_hub::{Authenticate, Caller, Credentials, Hub, HubError, Methods, Refused, User};

/// The claim that names the user.
const NAME_IDENTIFIER: &str = "nameid";
const LIFETIME: Duration = Duration::from_secs(5);
/// How far the clocks of those who make and check tokens may differ.
const CLOCK_SKEW_SECONDS: u64 = 5 * 60;

pub struct HubWithAuthorization;

impl Hub for HubWithAuthorization {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
            .on("Echo", Self::echo)
            .on("GetUserNameIdentifier", Self::get_user_name_identifier)
            .on("GetUserClaim", Self::get_user_claim)
    }
}

impl HubWithAuthorization {
    async fn echo(self: Arc<Self>, _: Caller, text: String) -> Result<String, HubError> {
        Ok(text)
    }

    async fn get_user_name_identifier(self: Arc<Self>, caller: Caller) -> Result<String, HubError> {
        Ok(claim(&caller, NAME_IDENTIFIER))
    }

    async fn get_user_claim(
        self: Arc<Self>,
        caller: Caller,
        name: String,
    ) -> Result<String, HubError> {
        Ok(claim(&caller, &name))
    }
}

fn claim(caller: &Caller, name: &str) -> String {
    let user = caller.user();
    let value = user.claims.get(name).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

/// Makes and checks tokens with a key of this process.
#[derive(Clone)]
pub struct TestTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TestTokens {
    pub fn generate() -> Self {
        let key: [u8; 32] = rand::random();
        Self {
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
        }
    }

    /// A token of the test user, with these claims beside their name.
    pub fn issue(&self, more: impl IntoIterator<Item = (String, String)>) -> String {
        let expires = SystemTime::now() + LIFETIME;
        let seconds = expires
            .duration_since(UNIX_EPOCH)
            .expect("the clock is right")
            .as_secs();
        let mut claims = Map::from_iter([
            (NAME_IDENTIFIER.to_owned(), "testuser".into()),
            ("iss".to_owned(), "SignalRTestServer".into()),
            ("aud".to_owned(), "SignalRTests".into()),
            ("exp".to_owned(), seconds.into()),
        ]);
        for (name, value) in more {
            claims.entry(name).or_insert(value.into());
        }
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("the claims can be written")
    }
}

#[async_trait]
impl Authenticate for TestTokens {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        let token = credentials.token.ok_or(Refused::Unauthorized)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = CLOCK_SKEW_SECONDS;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode(token.reveal(), &self.decoding, &validation);
        user_with(decoded.map_err(|_| Refused::Unauthorized)?.claims)
    }
}

fn user_with(claims: Map<String, Value>) -> Result<User, Refused> {
    let name = claims.get(NAME_IDENTIFIER).and_then(Value::as_str);
    let expires = claims.get("exp").and_then(Value::as_u64);
    Ok(User {
        id: Some(name.ok_or(Refused::Unauthorized)?.to_owned()),
        expires_at: expires.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
        claims,
    })
}
