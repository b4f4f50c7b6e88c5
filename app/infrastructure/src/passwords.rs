use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use application::ports::{HashError, PasswordHash, PasswordHasher, Verdict};
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use domain::Password;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many may wait for a core; on two cores, at some 40 ms each, the last one waits for 1.3 s.
const WAITING: usize = 64;

/// Argon2id with 46 MiB, 1 pass and 1 lane, on as many threads as there are cores.
///
/// It is as strong as 19 MiB and 2 passes, and above the 32 MiB up to which the system's allocator
/// may keep what was given back: every thread that had ever hashed would hold its memory for ever.
pub struct Argon2Passwords {
    /// Whoever may wait or run.
    places: Arc<Semaphore>,
    /// Whoever may run. Each needs 46 MiB.
    cores: Arc<Semaphore>,
    /// Nobody's password: what is compared with when there is no account.
    dummy: PasswordHash,
}

impl fmt::Debug for Argon2Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Passwords").finish_non_exhaustive()
    }
}

impl Argon2Passwords {
    pub fn new() -> Result<Self, HashError> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            places: Arc::new(Semaphore::new(cores + WAITING)),
            cores: Arc::new(Semaphore::new(cores)),
            dummy: nobodys(argon2()?.params()),
        })
    }

    /// Runs slow work on a thread of its own, if not too many others wait.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| HashError::Busy)?;
        let core = Arc::clone(&self.cores)
            .acquire_owned()
            .await
            .map_err(|_| HashError::Busy)?;

        // The permits go along: work that nobody waits for any more still takes its core.
        let done = spawn_blocking(move || {
            let _permits = (place, core);
            work()
        });
        done.await.map_err(broken)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let password = password.clone();
        self.run(move || hash(password.expose().as_bytes())).await
    }

    async fn verify(
        &self,
        typed: &str,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).clone();
        // What is longer cannot be right, and need not be hashed as a whole.
        let typed: String = typed.chars().take(Password::MAX + 1).collect();
        let verdict = self.run(move || verify(&typed, &stored)).await?;
        Ok(if is_known { verdict } else { Verdict::Wrong })
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(46 * 1024, 1, 1, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<PasswordHash, HashError> {
    let hash: phc::PasswordHash = argon2()?.hash_password(password).map_err(broken)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Takes as long to compare with as any other, but nothing to make: no password hashes to zeros.
fn nobodys(params: &Params) -> PasswordHash {
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    // 16 bytes and 32 bytes, in base 64.
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    PasswordHash(format!(
        "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}"
    ))
}

fn verify(typed: &str, stored: &PasswordHash) -> Result<Verdict, HashError> {
    let argon2 = argon2()?;
    let stored = phc::PasswordHash::new(&stored.0).map_err(broken)?;
    if argon2.verify_password(typed.as_bytes(), &stored).is_err() {
        return Ok(Verdict::Wrong);
    }

    let is_weak = Params::try_from(&stored).map_or(true, |params| is_weaker(&params, &argon2));
    Ok(if is_weak {
        Verdict::RightButWeaklyStored
    } else {
        Verdict::Right
    })
}

fn is_weaker(stored: &Params, argon2: &Argon2<'_>) -> bool {
    let wanted = argon2.params();
    stored.m_cost() < wanted.m_cost() || stored.t_cost() < wanted.t_cost()
}

fn broken(error: impl fmt::Display) -> HashError {
    HashError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse battery staple";

    fn passwords() -> Argon2Passwords {
        Argon2Passwords::new().expect("argon2 works")
    }

    async fn hashed(passwords: &Argon2Passwords) -> PasswordHash {
        let password = Password::chosen(PASSWORD).expect("a good one");
        passwords.hash(&password).await.expect("hashed")
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_another_is_wrong() {
        let passwords = passwords();
        let hash = hashed(&passwords).await;

        let right = passwords.verify(PASSWORD, Some(&hash)).await;
        let wrong = passwords.verify("correct horse", Some(&hash)).await;

        assert_eq!(right.expect("verified"), Verdict::Right);
        assert_eq!(wrong.expect("verified"), Verdict::Wrong);
        assert!(hash.0.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
    }

    #[tokio::test]
    async fn without_an_account_every_password_is_wrong() {
        let verdict = passwords().verify(PASSWORD, None).await;

        assert_eq!(verdict.expect("verified"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn what_is_compared_with_when_there_is_no_account_takes_the_same_effort() {
        let passwords = passwords();
        let real = hashed(&passwords).await;

        let [dummy, real] = [&passwords.dummy, &real].map(|hash| {
            let hash = phc::PasswordHash::new(&hash.0).expect("well formed");
            let length = hash.hash.map(|output| output.len());
            (Params::try_from(&hash).expect("parameters"), length)
        });

        assert_eq!(dummy, real);
    }

    #[tokio::test]
    async fn a_hash_that_was_made_with_less_effort_is_to_be_made_again() {
        let params = Params::new(8 * 1024, 1, 1, None).expect("valid");
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash: phc::PasswordHash = cheap.hash_password(PASSWORD.as_bytes()).expect("hashed");
        let hash = PasswordHash(hash.to_string());

        let verdict = passwords().verify(PASSWORD, Some(&hash)).await;

        assert_eq!(verdict.expect("verified"), Verdict::RightButWeaklyStored);
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_one_is_sent_away() {
        let passwords = passwords();
        let all = u32::try_from(passwords.places.available_permits()).expect("few");
        let _taken = passwords.places.acquire_many(all).await.expect("open");

        let refused = passwords.verify(PASSWORD, None).await;

        assert!(matches!(refused, Err(HashError::Busy)));
    }
}
