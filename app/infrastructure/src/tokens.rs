use application::ports::{Token, TokenHash, Tokens};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Tokens of 256 random bits, of which the SHA-256 is stored. They are random enough to need no
/// slow hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomTokens;

impl Tokens for RandomTokens {
    fn random(&self) -> Token {
        let bits: [u8; 32] = rand::random();
        Token(BASE64_URL_SAFE_NO_PAD.encode(bits))
    }

    fn hash(&self, token: &str) -> TokenHash {
        TokenHash(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_no_twin() {
        let (one, other) = (RandomTokens.random(), RandomTokens.random());

        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
    }

    #[test]
    fn a_hash_says_nothing_of_its_token() {
        let token = RandomTokens.random();

        let hash = RandomTokens.hash(token.expose());

        assert_eq!(hash, RandomTokens.hash(token.expose()));
        assert_ne!(hash.0, token.0);
    }
}
