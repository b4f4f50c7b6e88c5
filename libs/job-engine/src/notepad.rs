use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::storage::{Lease, NewLine, Progress, RunNotes};

/// What a run says about itself while it goes on: how far it is, and lines for its log.
///
/// A server writes it to the storage about ten times a second and before the run's outcome.
/// Outside of a server it only keeps what was said, for tests to read. Cheap to clone; the clones
/// are one notepad.
#[derive(Debug, Clone, Default)]
pub struct Notepad {
    page: Arc<Mutex<Page>>,
    bell: Option<Arc<Bell>>,
}

/// Calls for the scribe.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    pub(crate) some: Notify,
    pub(crate) urgent: Notify,
}

#[derive(Debug, Default)]
struct Page {
    progress: Option<Progress>,
    lines: Vec<Line>,
    /// How many of the lines are written, and so empty.
    written: usize,
    progress_written: Option<Progress>,
}

#[derive(Debug)]
struct Line {
    text: String,
    said: Instant,
}

/// How much of a notepad is on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    lines: usize,
    progress: Option<Progress>,
}

impl Notepad {
    /// How many lines of one run are kept; one more says that there were others.
    pub const MAX_LINES: usize = 1000;

    /// What is kept of a line, in bytes.
    pub const MAX_LINE_BYTES: usize = 2000;

    pub(crate) fn with(bell: &Arc<Bell>) -> Self {
        Self {
            page: Arc::default(),
            bell: Some(bell.clone()),
        }
    }

    /// Says how far the run is. Only the newest is kept.
    pub fn progress(&self, done: u64, total: u64) {
        self.page().progress = Some(Progress { done, total });
        self.ring();
    }

    /// Adds a line to the run's log.
    pub fn log(&self, line: impl fmt::Display) {
        let mut page = self.page();
        match page.lines.len() {
            count if count < Self::MAX_LINES => page.add(clipped(line.to_string())),
            Self::MAX_LINES => page.add("The lines that follow are not kept".to_owned()),
            _ => return,
        }
        drop(page);
        self.ring();
    }

    /// What was said last about how far the run is.
    pub fn last_progress(&self) -> Option<Progress> {
        self.page().progress
    }

    /// The lines that a server has not written yet: all of them in a test.
    pub fn lines(&self) -> Vec<String> {
        let page = self.page();
        let unwritten = page.lines[page.written..].iter();
        unwritten.map(|line| line.text.clone()).collect()
    }

    /// What is not written yet.
    pub(crate) fn unwritten(&self, lease: Lease) -> Option<(RunNotes, Mark)> {
        let page = self.page();
        let progress = page
            .progress
            .filter(|now| page.progress_written != Some(*now));
        if progress.is_none() && page.written == page.lines.len() {
            return None;
        }

        let lines = page.lines.iter().enumerate().skip(page.written);
        let notes = RunNotes {
            lease,
            progress,
            lines: lines
                .map(|(place, line)| NewLine {
                    number: NewLine::number(lease, place),
                    age: line.said.elapsed(),
                    text: line.text.clone(),
                })
                .collect(),
        };
        let mark = Mark {
            lines: page.lines.len(),
            progress: page.progress,
        };
        Some((notes, mark))
    }

    /// What was on its way up to this mark is written.
    pub(crate) fn written(&self, mark: Mark) {
        let mut page = self.page();
        let before = page.written;
        for line in &mut page.lines[before..mark.lines] {
            line.text = String::new();
        }
        page.written = mark.lines;
        page.progress_written = mark.progress;
    }

    fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.some.notify_one();
        }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn add(&mut self, text: String) {
        let said = Instant::now();
        self.lines.push(Line { text, said });
    }
}

fn clipped(mut line: String) -> String {
    line.truncate(line.floor_char_boundary(Notepad::MAX_LINE_BYTES));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::JobId;

    fn lease() -> Lease {
        Lease {
            job: JobId::random(),
            epoch: 3,
        }
    }

    #[test]
    fn what_is_written_is_not_written_again() {
        let notepad = Notepad::default();
        notepad.log("one");
        notepad.progress(1, 2);

        let (first, mark) = notepad.unwritten(lease()).expect("something was said");
        notepad.log("two");
        notepad.written(mark);
        let (second, mark) = notepad.unwritten(lease()).expect("something was said");
        notepad.written(mark);

        let texts = |notes: RunNotes| notes.lines.into_iter().map(|line| line.text);
        assert_eq!(first.progress, Some(Progress { done: 1, total: 2 }));
        assert_eq!(second.progress, None);
        assert_eq!(texts(first).collect::<Vec<_>>(), ["one"]);
        assert_eq!(texts(second).collect::<Vec<_>>(), ["two"]);
        assert!(notepad.unwritten(lease()).is_none());
    }

    #[test]
    fn the_lines_of_a_run_are_bounded() {
        let notepad = Notepad::default();
        for _ in 0..5000 {
            notepad.log("ä".repeat(5000));
        }

        let lines = notepad.lines();
        assert_eq!(lines.len(), Notepad::MAX_LINES + 1);
        assert_eq!(lines[0].len(), Notepad::MAX_LINE_BYTES);
        assert_eq!(lines[1000], "The lines that follow are not kept");
    }
}
