//! Where the jobs that wait begin.
//!
//! What was claimed long ago may still be in the index, before what waits (see [`Looks`]). A claim
//! that reads all of it becomes slower with every job. So each server remembers, by queue and
//! priority, up to which job it has claimed, and begins there once looking from the start has become
//! slow. Jobs that came back (a retry, a requeue) or were committed late lie before that place; looks
//! from the start, now and then, find them.
//!
//! What a server knows is noted in the database now and then, with the time of its last look. One
//! that starts goes on from there, and looks from the start when the other one would have.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use job_engine::storage::ServerId;
use uuid::Uuid;

use crate::looks::{Look, Looks};

/// Between two slow looks from the start, for each part of time that such a look takes: they get a
/// twentieth of the time while there is work.
const WORK_PER_LOOK: u32 = 20;

/// The same while there is nothing to do.
const REST_PER_LOOK: u32 = 4;

/// Between two notes of one line.
pub(crate) const NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// Priorities beyond these have no place of their own.
const MOST_PRIORITIES: usize = 16;

/// The lines of all queues, as the servers of this process know them.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Mutex<HashMap<ServerId, HashMap<String, Line>>>,
}

/// What one server knows of the line before one queue.
#[derive(Debug, Default)]
struct Line {
    /// By priority, the last job that was claimed.
    claimed: BTreeMap<i16, Uuid>,
    looks: Looks,
    noted: Option<Instant>,
    /// Something was claimed since.
    is_news: bool,
}

/// What one server tells the others of a line whose start is slow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) queue: String,
    pub(crate) priorities: Vec<i16>,
    /// By priority, the last job that was claimed.
    pub(crate) claimed: Vec<Uuid>,
    /// The last one from the start.
    pub(crate) look: Look,
}

/// Where to look for jobs, best first, column by column.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) highest: Vec<i16>,
    pub(crate) lowest: Vec<i16>,
    /// The first id that counts.
    pub(crate) from: Vec<Uuid>,
}

impl Lines {
    /// Where jobs may be found quickly; `None` when it is time to look from the start.
    pub(crate) fn places(&self, server: ServerId, queue: &str) -> Option<Places> {
        let lines = self.lock();
        let line = lines.get(&server)?.get(queue)?;
        (line.looks.are_slow() && !line.looks.rested(WORK_PER_LOOK)).then(|| line.places())
    }

    /// Whether a look from the start is due, where the quick one has found nothing.
    pub(crate) fn may_look_again(&self, server: ServerId, queue: &str) -> bool {
        let lines = self.lock();
        let line = lines.get(&server).and_then(|lines| lines.get(queue));
        line.is_none_or(|line| line.looks.rested(REST_PER_LOOK))
    }

    /// A look from the start took so long.
    pub(crate) fn looked(&self, server: ServerId, queue: &str, limit: usize, took: Duration) {
        let mut lines = self.lock();
        let line = line(&mut lines, server, queue);
        line.looks.took(took, expected(limit));
    }

    /// These jobs were claimed, in this order; `full` when there may be more of them.
    pub(crate) fn claimed(&self, server: ServerId, queue: &str, jobs: &[(i16, Uuid)], full: bool) {
        let Some(last) = jobs.last() else { return };
        let mut lines = self.lock();
        let line = line(&mut lines, server, queue);
        line.is_news = true;
        for (priority, id) in jobs {
            let place = line.claimed.entry(*priority).or_insert(*id);
            *place = (*place).max(*id);
        }
        // What came back may be older than what was claimed before, and more of it may wait.
        if full {
            line.claimed.insert(last.0, last.1);
        }
        while line.claimed.len() > MOST_PRIORITIES {
            line.claimed.pop_first();
        }
    }

    /// What others are to be told of the line, if that is due.
    pub(crate) fn note(&self, server: ServerId, queue: &str) -> Option<Note> {
        let mut lines = self.lock();
        let line = lines.get_mut(&server)?.get_mut(queue)?;
        let look = line.looks.last_slow()?;
        let is_due = line.noted.is_none_or(|at| at.elapsed() >= NOTE_INTERVAL);
        if !is_due || !line.is_news {
            return None;
        }

        line.is_news = false;
        line.noted = Some(Instant::now());
        let (priorities, claimed) = line.claimed.iter().unzip();
        Some(Note {
            queue: queue.to_owned(),
            priorities,
            claimed,
            look,
        })
    }

    /// What others have told: the server goes on from there.
    pub(crate) fn resume(&self, server: ServerId, notes: Vec<Note>) {
        let mut lines = self.lock();
        for note in notes {
            let line = line(&mut lines, server, &note.queue);
            line.claimed = note.priorities.into_iter().zip(note.claimed).collect();
            line.looks = Looks::resume(note.look);
        }
    }

    /// The server claims nothing more.
    pub(crate) fn forget(&self, server: ServerId) {
        self.lock().remove(&server);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, HashMap<String, Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line<'a>(
    lines: &'a mut HashMap<ServerId, HashMap<String, Line>>,
    server: ServerId,
    queue: &str,
) -> &'a mut Line {
    let lines = lines.entry(server).or_default();
    lines.entry(queue.to_owned()).or_default()
}

/// How long a look from the start may take. A small claim is made when there is little to do, and
/// then even a long look is no burden.
fn expected(limit: usize) -> Duration {
    match u32::try_from(limit) {
        Ok(few) if few < 100 => Duration::from_millis(50),
        Ok(many) => Duration::from_millis(5) + many * Duration::from_micros(5),
        Err(_) => Duration::MAX,
    }
}

impl Line {
    /// Known priorities from their places on, and what lies between them as a whole.
    fn places(&self) -> Places {
        let mut places = Places::default();
        let mut highest = Some(i16::MAX);
        for (&priority, &id) in self.claimed.iter().rev() {
            if let Some(highest) = highest.filter(|highest| *highest > priority) {
                places.add(highest, priority + 1, Uuid::nil());
            }
            places.add(priority, priority, id);
            highest = priority.checked_sub(1);
        }
        if let Some(highest) = highest {
            places.add(highest, i16::MIN, Uuid::nil());
        }
        places
    }
}

impl Places {
    /// All of the line.
    pub(crate) fn all() -> Self {
        Line::default().places()
    }

    fn add(&mut self, highest: i16, lowest: i16, from: Uuid) {
        self.highest.push(highest);
        self.lowest.push(lowest);
        self.from.push(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::looks::SLOW_LOOKS;

    const QUEUE: &str = "default";
    const SLOW: Duration = Duration::from_secs(5);
    const QUICK: Duration = Duration::from_millis(1);

    #[test]
    fn nothing_is_left_out_while_looks_are_quick() {
        let (lines, server) = (Lines::default(), ServerId::random());
        lines.claimed(server, QUEUE, &[(0, id(7))], true);

        for _ in 0..10 {
            lines.looked(server, QUEUE, 1000, QUICK);
        }

        assert_eq!(lines.places(server, QUEUE), None);
    }

    #[test]
    fn slow_looks_make_claims_begin_where_the_last_one_ended() {
        let (lines, server) = slow_lines();

        lines.claimed(server, QUEUE, &[(0, id(3)), (0, id(7))], true);

        assert_eq!(places(&lines, server), [(0, 0, id(7))]);
    }

    #[test]
    fn one_quick_look_ends_it() {
        let (lines, server) = slow_lines();

        lines.looked(server, QUEUE, 1000, QUICK);

        assert_eq!(lines.places(server, QUEUE), None);
    }

    #[test]
    fn priorities_that_were_never_seen_are_looked_at_as_a_whole() {
        let (lines, server) = slow_lines();

        lines.claimed(server, QUEUE, &[(5, id(9)), (4, id(2)), (1, id(3))], true);

        let all = lines.places(server, QUEUE).expect("looks are slow");
        assert_eq!(all.highest, [i16::MAX, 5, 4, 3, 1, 0]);
        assert_eq!(all.lowest, [6, 5, 4, 2, 1, i16::MIN]);
        let whole = Uuid::nil();
        assert_eq!(all.from, [whole, id(9), id(2), whole, id(3), whole]);
    }

    #[test]
    fn the_highest_and_the_lowest_priority_are_the_ends() {
        let (lines, server) = slow_lines();

        let jobs = [(i16::MAX, id(1)), (i16::MIN, id(2))];
        lines.claimed(server, QUEUE, &jobs, true);

        let all = lines.places(server, QUEUE).expect("looks are slow");
        assert_eq!(all.highest, [i16::MAX, i16::MAX - 1, i16::MIN]);
        assert_eq!(all.lowest, [i16::MAX, i16::MIN + 1, i16::MIN]);
    }

    #[test]
    fn old_jobs_that_came_back_in_masses_are_worked_off() {
        let (lines, server) = slow_lines();
        lines.claimed(server, QUEUE, &[(0, id(700))], true);

        lines.claimed(server, QUEUE, &[(0, id(3)), (0, id(4))], true);

        assert_eq!(places(&lines, server), [(0, 0, id(4))]);
    }

    #[test]
    fn a_single_old_job_does_not_set_the_line_back() {
        let (lines, server) = slow_lines();
        lines.claimed(server, QUEUE, &[(0, id(700))], true);

        lines.claimed(server, QUEUE, &[(0, id(3))], false);

        assert_eq!(places(&lines, server), [(0, 0, id(700))]);
    }

    #[test]
    fn a_look_from_the_start_comes_again_after_a_while() {
        let (lines, server) = (Lines::default(), ServerId::random());
        lines.claimed(server, QUEUE, &[(0, id(7))], true);
        lines.looked(server, QUEUE, 1000, SLOW);
        assert!(lines.places(server, QUEUE).is_some());

        let mut locked = lines.lock();
        let line = line(&mut locked, server, QUEUE);
        for _ in 0..SLOW_LOOKS {
            line.looks.took(Duration::ZERO, Duration::ZERO);
        }
        drop(locked);

        assert_eq!(lines.places(server, QUEUE), None);
        assert!(lines.may_look_again(server, QUEUE));
    }

    #[test]
    fn a_server_that_starts_goes_on_where_another_one_is() {
        let (lines, server) = slow_lines();
        lines.claimed(server, QUEUE, &[(0, id(7))], true);
        let note = lines
            .note(server, QUEUE)
            .expect("there is something to tell");

        let (others, newcomer) = (Lines::default(), ServerId::random());
        others.resume(newcomer, vec![note]);

        assert_eq!(places(&others, newcomer), [(0, 0, id(7))]);
    }

    #[test]
    fn a_server_that_starts_looks_from_the_start_when_that_is_due() {
        let (lines, server) = slow_lines();
        lines.claimed(server, QUEUE, &[(0, id(7))], true);
        let mut note = lines
            .note(server, QUEUE)
            .expect("there is something to tell");
        note.look.ago = SLOW * WORK_PER_LOOK;

        lines.resume(server, vec![note]);

        assert_eq!(lines.places(server, QUEUE), None);
    }

    #[test]
    fn a_line_is_noted_once_in_a_while_and_only_while_looks_are_slow() {
        let (lines, server) = slow_lines();
        assert_eq!(lines.note(server, QUEUE), None);
        lines.claimed(server, QUEUE, &[(0, id(7))], true);

        assert!(lines.note(server, QUEUE).is_some());
        assert_eq!(lines.note(server, QUEUE), None);

        lines.looked(server, QUEUE, 1000, QUICK);
        line(&mut lines.lock(), server, QUEUE).noted = None;
        assert_eq!(lines.note(server, QUEUE), None);
    }

    #[test]
    fn a_server_that_is_gone_is_forgotten() {
        let (lines, server) = slow_lines();

        lines.forget(server);

        assert!(lines.lock().is_empty());
    }

    fn slow_lines() -> (Lines, ServerId) {
        let (lines, server) = (Lines::default(), ServerId::random());
        for _ in 0..SLOW_LOOKS {
            lines.looked(server, QUEUE, 1000, SLOW);
        }
        (lines, server)
    }

    /// Those that do not begin at the start.
    fn places(lines: &Lines, server: ServerId) -> Vec<(i16, i16, Uuid)> {
        let all = lines.places(server, QUEUE).expect("looks are slow");
        let columns = all.highest.iter().zip(&all.lowest).zip(&all.from);
        columns
            .map(|((highest, lowest), from)| (*highest, *lowest, *from))
            .filter(|(_, _, from)| !from.is_nil())
            .collect()
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }
}
