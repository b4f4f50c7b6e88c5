use std::fmt;

use async_trait::async_trait;
use domain::Password;

/// A password as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Whether a password is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// Right, but stored in a way that is no longer good enough: hash it again.
    RightButWeaklyStored,
    Wrong,
}

#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// So many others wait that this one would wait too long.
    #[error("too many passwords are being checked at once")]
    Busy,
    #[error("the password could not be hashed: {0}")]
    Broken(String),
}

/// Slow by design: it runs beside the other requests and only a few at a time.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Without a hash it takes as long as with one and answers `Wrong`, so that nobody learns which
    /// addresses are known.
    async fn verify(&self, typed: &str, hash: Option<&PasswordHash>) -> Result<Verdict, HashError>;
}

/// A secret of 256 random bits that someone carries in a link or a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl Token {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// All that is stored of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(pub String);

pub trait Tokens: Send + Sync {
    fn random(&self) -> Token;

    fn hash(&self, token: &str) -> TokenHash;
}
