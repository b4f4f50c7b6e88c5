use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_engine::storage::JobId;

/// Everything that was written down outside of the storage while it was under fire. Times are
/// microseconds since the Unix epoch, by the clock of the one machine on which all processes run.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// By the clients and by handlers that enqueue, one for each transaction.
    pub intents: Vec<Intent>,
    /// By the handlers.
    pub runs: Vec<Run>,
    /// By who did the damage.
    pub cut_off: Vec<CutOff>,
    /// Recurring jobs of which no occurrence may be left out, and their intervals.
    pub recurring: Vec<(String, Duration)>,
    /// Queues of which only so many jobs may run at once.
    pub limits: Vec<(String, usize)>,
    /// Queues of which only so many jobs may begin within any such time.
    pub rates: Vec<(String, usize, Duration)>,
}

/// Jobs that a client has enqueued in one transaction.
#[derive(Debug, Clone)]
pub struct Intent {
    pub jobs: Vec<JobId>,
    pub answer: Answer,
}

/// What a client knows of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was committed.
    Acknowledged,
    /// The client has rolled it back, or was told that nothing is stored.
    RolledBack,
    /// An error came instead of an answer: it was committed or not, as a whole.
    Unknown,
}

/// One run of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub job: JobId,
    pub epoch: i64,
    /// The process in which it ran.
    pub process: u32,
    pub began: u64,
    /// `None` when its process died in the middle.
    pub ended: Option<u64>,
    /// Whether the work was done, and not only begun.
    pub done: bool,
}

/// A time in which a process could not be heard, so that others were right to take over its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// `None` for all of them: the database was away.
    pub process: Option<u32>,
    pub from: u64,
    pub to: u64,
}

impl CutOff {
    pub(crate) fn excuses(&self, first: &Run, second: &Run) -> bool {
        self.silences(first.process, second.began)
    }

    /// Whether this process could not be heard then.
    pub(crate) fn silences(&self, process: u32, time: u64) -> bool {
        self.process.is_none_or(|silent| silent == process) && (self.from..=self.to).contains(&time)
    }
}

/// Microseconds since the Unix epoch.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.expect("it is after 1970").as_micros();
    u64::try_from(micros).expect("it is before the year 500000")
}

impl Ledger {
    /// Reads what the handlers of all processes wrote into the files of this folder. A line is
    /// `begin`, `done` or `end`, then the process, the job, the epoch and the time. Of a job that a
    /// handler enqueues `ask` and, once that is acknowledged, `told` are written in the same way. The
    /// last line of a process that was killed may be cut off.
    pub fn read_handlers(&mut self, folder: &Path) -> io::Result<()> {
        for file in fs::read_dir(folder)? {
            for line in fs::read_to_string(file?.path())?.lines() {
                self.note(line);
            }
        }
        Ok(())
    }

    fn note(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let what = words.next()?;
        let process = words.next()?.parse().ok()?;
        let job = JobId(words.next()?.parse().ok()?);
        let epoch = words.next()?.parse().ok()?;
        let at = words.next()?.strip_suffix(';')?.parse().ok()?;

        match what {
            "begin" => self.runs.push(Run {
                job,
                epoch,
                process,
                began: at,
                ended: None,
                done: false,
            }),
            "ask" => self.intents.push(Intent {
                jobs: vec![job],
                answer: Answer::Unknown,
            }),
            "told" => {
                let mut asked = self.intents.iter_mut().rev();
                asked.find(|intent| intent.jobs == [job])?.answer = Answer::Acknowledged;
            }
            _ => self.note_run(what, (job, epoch, process), at)?,
        }
        Some(())
    }

    fn note_run(&mut self, what: &str, which: (JobId, i64, u32), at: u64) -> Option<()> {
        // The latest, if there are several: that is for the checker to find.
        let mut latest = self.runs.iter_mut().rev();
        let run = latest.find(|run| (run.job, run.epoch, run.process) == which)?;
        match what {
            "done" => run.done = true,
            _ => run.ended = Some(at),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_enqueues_is_acknowledged_only_when_it_was_told_so() {
        let (sure, unsure) = (JobId::random(), JobId::random());
        let mut ledger = Ledger::default();

        for line in [
            format!("ask 7 {sure} 0 100;"),
            format!("told 7 {sure} 0 150;"),
            format!("ask 7 {unsure} 0 200;"),
            format!("told 7 {unsure} 0 2"),
        ] {
            ledger.note(&line);
        }

        let answers: Vec<_> = ledger.intents.iter().map(|intent| intent.answer).collect();
        assert_eq!(answers, [Answer::Acknowledged, Answer::Unknown]);
    }

    #[test]
    fn lines_become_runs_and_a_line_that_was_cut_off_is_none() {
        let id = JobId::random();
        let mut ledger = Ledger::default();

        for line in [
            format!("begin 7 {id} 1 100;"),
            format!("done 7 {id} 1 150;"),
            format!("end 7 {id} 1 200;"),
            format!("begin 8 {id} 2 300;"),
            format!("done 8 {id} 2 3"),
        ] {
            ledger.note(&line);
        }

        let first = &ledger.runs[0];
        assert_eq!((first.ended, first.done), (Some(200), true));
        let second = &ledger.runs[1];
        assert_eq!((second.ended, second.done), (None, false));
    }
}
