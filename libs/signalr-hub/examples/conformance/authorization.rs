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
use serde::{Deserialize, Serialize};
use signalr_hub::{Authenticate, Caller, Credentials, Hub, HubError, Methods, Refused, User};

const LIFETIME: Duration = Duration::from_secs(5);
/// How far the clocks of those who make and check tokens may differ.
const CLOCK_SKEW_SECONDS: u64 = 5 * 60;

pub struct HubWithAuthorization;

impl Hub for HubWithAuthorization {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods.on("Echo", Self::echo)
    }
}

impl HubWithAuthorization {
    async fn echo(self: Arc<Self>, _: Caller, text: String) -> Result<String, HubError> {
        Ok(text)
    }
}

/// Makes and checks tokens with a key of this process.
#[derive(Clone)]
pub struct TestTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "nameid")]
    name: String,
    iss: String,
    aud: String,
    exp: u64,
}

impl TestTokens {
    pub fn generate() -> Self {
        let key: [u8; 32] = rand::random();
        Self {
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
        }
    }

    pub fn issue(&self) -> String {
        let expires = SystemTime::now() + LIFETIME;
        let claims = Claims {
            name: "testuser".to_owned(),
            iss: "SignalRTestServer".to_owned(),
            aud: "SignalRTests".to_owned(),
            exp: expires
                .duration_since(UNIX_EPOCH)
                .expect("the clock is right")
                .as_secs(),
        };
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
        let decoded = jsonwebtoken::decode::<Claims>(token.reveal(), &self.decoding, &validation);
        let claims = decoded.map_err(|_| Refused::Unauthorized)?.claims;
        Ok(User::with_id(claims.name))
    }
}
