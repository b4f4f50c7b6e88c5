use job_engine::State;
use job_engine::storage::Commanded;

use crate::actions::Action;

/// The cookie that carries a [`Flash`] over the redirect after an action.
pub(crate) const COOKIE: &str = "job_dashboard_flash";

/// What an action did, told once on the next page.
///
/// The cookie holds numbers and names of ours alone, so nobody can put words on our pages with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) action: Action,
    pub(crate) done: usize,
    /// Jobs in another state than the page had shown; they were left alone.
    pub(crate) moved_on: usize,
    /// Jobs that do not exist any more.
    pub(crate) gone: usize,
    /// The state of the last one that had moved on.
    pub(crate) now_in: Option<State>,
}

impl Flash {
    pub(crate) const fn nothing_yet(action: Action) -> Self {
        Self {
            action,
            done: 0,
            moved_on: 0,
            gone: 0,
            now_in: None,
        }
    }

    /// One more job, and what became of it.
    pub(crate) const fn count(&mut self, commanded: Commanded) {
        match commanded {
            Commanded::Done => self.done += 1,
            Commanded::NotFound => self.gone += 1,
            Commanded::NotApplicable(state) => {
                self.moved_on += 1;
                self.now_in = Some(state);
            }
        }
    }

    pub(crate) const fn all_done(&self) -> bool {
        self.done > 0 && self.moved_on == 0 && self.gone == 0
    }

    pub(crate) fn to_cookie(self) -> String {
        let Self {
            action,
            done,
            moved_on,
            gone,
            now_in,
        } = self;
        let state = now_in.map_or("-", State::name);
        format!("{}.{done}.{moved_on}.{gone}.{state}", action.name())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let flash = Self {
            action: Action::parse(parts.next()?)?,
            done: parts.next()?.parse().ok()?,
            moved_on: parts.next()?.parse().ok()?,
            gone: parts.next()?.parse().ok()?,
            now_in: parts.next().and_then(|state| state.parse().ok()),
        };
        Some(flash)
    }

    /// The whole story in sentences.
    pub(crate) fn words(&self) -> String {
        let mut sentences = Vec::new();
        let total = self.done + self.moved_on + self.gone;
        match (self.done, total) {
            (_, 0) => return "Nothing was changed: no job was ticked.".to_owned(),
            (0, _) => sentences.push("Nothing was changed.".to_owned()),
            (1, 1) => sentences.push(format!("The job was {}.", self.action.done())),
            (done, total) if done == total => {
                sentences.push(format!("{done} jobs were {}.", self.action.done()));
            }
            (done, total) => sentences.push(format!(
                "{done} of {total} jobs were {}.",
                self.action.done()
            )),
        }
        sentences.extend(self.left_alone());
        sentences.extend(match self.gone {
            0 => None,
            1 => Some("One job does not exist any more.".to_owned()),
            gone => Some(format!("{gone} jobs do not exist any more.")),
        });
        sentences.join(" ")
    }

    fn left_alone(&self) -> Option<String> {
        match (self.moved_on, self.now_in) {
            (0, _) => None,
            (1, Some(state)) => Some(format!(
                "One job has moved on: it is {state} now, and was left as it is."
            )),
            (1, None) => Some("One job has moved on and was left as it is.".to_owned()),
            (n, _) => Some(format!("{n} jobs have moved on and were left as they are.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_reads_back_from_its_cookie() {
        let flash = Flash {
            action: Action::TriggerNow,
            done: 3,
            moved_on: 1,
            gone: 2,
            now_in: Some(State::Processing),
        };

        assert_eq!(Flash::parse(&flash.to_cookie()), Some(flash));
    }

    #[test]
    fn a_foreign_cookie_says_nothing() {
        for text in [
            "",
            "requeue",
            "requeue.1.x.0.-",
            "hello.1.0.0.-",
            "<b>.1.1.1.-",
        ] {
            assert_eq!(Flash::parse(text), None, "{text}");
        }
    }

    #[test]
    fn jobs_that_moved_on_are_told_apart_from_those_done() {
        let flash = Flash {
            done: 8,
            moved_on: 2,
            ..Flash::nothing_yet(Action::Requeue)
        };

        assert_eq!(
            flash.words(),
            "8 of 10 jobs were requeued. 2 jobs have moved on and were left as they are."
        );
    }

    #[test]
    fn an_action_on_nothing_says_so() {
        let words = Flash::nothing_yet(Action::Delete).words();

        assert_eq!(words, "Nothing was changed: no job was ticked.");
    }
}
