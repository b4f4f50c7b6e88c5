use std::fmt;

use jiff::{Timestamp, ToSpan};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::config::Secret;

/// What a token is good for. A token of one purpose is worthless for every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The API and the hub, as a bearer token kept in the page's memory.
    Access,
    /// The dashboard, as a cookie.
    Dashboard,
}

impl Purpose {
    pub const fn lifetime_seconds(self) -> i64 {
        match self {
            Self::Access => 15 * 60,
            Self::Dashboard => 12 * 60 * 60,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Dashboard => "dashboard+jwt",
        }
    }

    const fn audience(self) -> &'static str {
        match self {
            Self::Access => "diquis/api",
            Self::Dashboard => "diquis/hangfire",
        }
    }
}

/// What a token says: who, and since which sign-in. Roles are not in it; they are read from the
/// database, so that a role that was taken away is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: Uuid,
    /// The session.
    pub sid: Uuid,
    pub iss: String,
    pub aud: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}

/// Makes and checks the signed tokens.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    dashboard_form_key: [u8; 32],
}

const ISSUER: &str = "diquis";
/// No token of ours is near this; longer ones are not looked at.
const MAX_TOKEN_BYTES: usize = 4096;

impl Tokens {
    pub fn new(secret: &Secret) -> Self {
        let secret = secret.reveal().as_bytes();
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            dashboard_form_key: derive_key("dashboard forms", secret),
        }
    }

    /// Signs the dashboard's forms: the same in every process that shares the secret.
    pub fn dashboard_form_key(&self) -> [u8; 32] {
        self.dashboard_form_key
    }

    pub fn issue(&self, purpose: Purpose, user: Uuid, session: Uuid) -> anyhow::Result<String> {
        let now = Timestamp::now();
        let claims = Claims {
            sub: user,
            sid: session,
            iss: ISSUER.to_owned(),
            aud: purpose.audience().to_owned(),
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: (now + purpose.lifetime_seconds().seconds()).as_second(),
        };
        let header = Header {
            typ: Some(purpose.kind().to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.signing)?)
    }

    /// The claims of a token that is ours, for this purpose, and in its time.
    pub fn check(&self, purpose: Purpose, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[purpose.audience()]);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        rules.validate_nbf = true;
        // Another process of ours may have signed it, with a clock a little ahead.
        rules.leeway = 5;

        let token = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules).ok()?;
        (token.header.typ.as_deref() == Some(purpose.kind())).then_some(token.claims)
    }
}

fn derive_key(use_for: &str, secret: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(use_for)
        .chain_update([0])
        .chain_update(secret)
        .finalize()
        .into()
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        Tokens::new(&Secret::new(SECRET))
    }

    fn claims(purpose: Purpose) -> Claims {
        let now = Timestamp::now().as_second();
        Claims {
            sub: Uuid::now_v7(),
            sid: Uuid::now_v7(),
            iss: ISSUER.to_owned(),
            aud: purpose.audience().to_owned(),
            iat: now,
            nbf: now,
            exp: now + 60,
        }
    }

    fn sign(kind: &str, algorithm: Algorithm, claims: &Claims, secret: &str) -> String {
        let header = Header {
            typ: Some(kind.to_owned()),
            ..Header::new(algorithm)
        };
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&header, claims, &key).expect("encodes")
    }

    #[test]
    fn a_token_is_good_for_its_purpose_alone() {
        let purposes = [Purpose::Access, Purpose::Dashboard];

        for made_for in purposes {
            let token = tokens()
                .issue(made_for, Uuid::now_v7(), Uuid::now_v7())
                .expect("encodes");
            for used_for in purposes {
                let accepted = tokens().check(used_for, &token).is_some();
                assert_eq!(
                    accepted,
                    made_for == used_for,
                    "{made_for:?} as {used_for:?}"
                );
            }
        }
    }

    #[test]
    fn a_forged_token_is_refused() {
        let good = claims(Purpose::Access);
        let hs256 = Algorithm::HS256;
        let refused = [
            (
                "another secret",
                sign("at+jwt", hs256, &good, "fedcba9876543210fedcba9876543210"),
            ),
            (
                "another algorithm",
                sign("at+jwt", Algorithm::HS512, &good, SECRET),
            ),
            ("another type", sign("JWT", hs256, &good, SECRET)),
            (
                "another issuer",
                sign(
                    "at+jwt",
                    hs256,
                    &Claims {
                        iss: "else".to_owned(),
                        ..good.clone()
                    },
                    SECRET,
                ),
            ),
            (
                "expired",
                sign(
                    "at+jwt",
                    hs256,
                    &Claims {
                        exp: good.iat - 60,
                        ..good.clone()
                    },
                    SECRET,
                ),
            ),
            (
                "not yet valid",
                sign(
                    "at+jwt",
                    hs256,
                    &Claims {
                        nbf: good.iat + 60,
                        ..good.clone()
                    },
                    SECRET,
                ),
            ),
            ("no signature", {
                let token = sign("at+jwt", hs256, &good, SECRET);
                token[..=token.rfind('.').expect("has dots")].to_owned()
            }),
            // {"alg":"none","typ":"at+jwt"}
            ("no algorithm", {
                let token = sign("at+jwt", hs256, &good, SECRET);
                let claims = token.split('.').nth(1).expect("has claims");
                format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}.")
            }),
            ("too long", "a".repeat(16 * 1024)),
            ("nothing", String::new()),
        ];

        assert!(
            tokens()
                .check(Purpose::Access, &sign("at+jwt", hs256, &good, SECRET))
                .is_some()
        );
        for (why, token) in refused {
            assert!(tokens().check(Purpose::Access, &token).is_none(), "{why}");
        }
    }
}
