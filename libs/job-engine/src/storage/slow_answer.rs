use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An answer that was found more quickly is found again.
const SLOW: Duration = Duration::from_millis(50);

/// For how many times as long as it took to find an answer it holds.
const HOLDS_FOR: u32 = 20;

/// No answer is older.
const OLDEST: Duration = Duration::from_secs(30);

/// The last answer to a question that reads many jobs, so that asking it often costs a twentieth of
/// the time at most.
#[derive(Debug)]
pub struct SlowAnswer<Q, A> {
    last: Mutex<Option<Last<Q, A>>>,
}

#[derive(Debug)]
struct Last<Q, A> {
    question: Q,
    answer: A,
    until: Instant,
}

impl<Q, A> Default for SlowAnswer<Q, A> {
    fn default() -> Self {
        Self {
            last: Mutex::default(),
        }
    }
}

impl<Q: PartialEq, A: Clone> SlowAnswer<Q, A> {
    /// The answer to this question, if it was slow to find and is not old.
    pub fn remembered(&self, question: &Q) -> Option<A> {
        let last = self.last();
        let last = last.as_ref()?;
        (last.question == *question && Instant::now() < last.until).then(|| last.answer.clone())
    }

    /// Remembers an answer that was looked for since `asked`, if that took long.
    pub fn found(&self, question: Q, answer: &A, asked: Instant) {
        if asked.elapsed() >= SLOW {
            self.found_among_many(question, answer, asked);
        } else {
            *self.last() = None;
        }
    }

    /// Remembers an answer for which so many jobs were read that it is worth it, however quickly.
    pub fn found_among_many(&self, question: Q, answer: &A, asked: Instant) {
        *self.last() = Some(Last {
            question,
            answer: answer.clone(),
            until: Instant::now() + (asked.elapsed() * HOLDS_FOR).min(OLDEST),
        });
    }

    fn last(&self) -> MutexGuard<'_, Option<Last<Q, A>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_holds_for_a_while() {
        let answer = SlowAnswer::default();
        let asked = Instant::now();
        advance(Duration::from_millis(100)).await;
        answer.found("how many?", &7, asked);

        assert_eq!(answer.remembered(&"how many?"), Some(7));
        assert_eq!(answer.remembered(&"how few?"), None);
        advance(Duration::from_secs(2)).await;
        assert_eq!(answer.remembered(&"how many?"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_holds_for_long() {
        let answer = SlowAnswer::default();
        let asked = Instant::now();
        advance(Duration::from_mins(1)).await;
        answer.found((), &7, asked);

        advance(OLDEST).await;

        assert_eq!(answer.remembered(&()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_found_among_many_holds_twenty_times_as_long_as_it_took() {
        let answer = SlowAnswer::default();
        let asked = Instant::now();
        advance(Duration::from_millis(10)).await;
        answer.found_among_many((), &7, asked);

        advance(Duration::from_millis(199)).await;
        assert_eq!(answer.remembered(&()), Some(7));
        advance(Duration::from_millis(1)).await;
        assert_eq!(answer.remembered(&()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_answer_is_looked_for_again() {
        let answer = SlowAnswer::default();

        answer.found((), &7, Instant::now());

        assert_eq!(answer.remembered(&()), None);
    }
}
