use jiff::Timestamp;
use job_engine::BatchId;
use job_engine::storage::{Cursor, JobQuery};

use crate::lists::List;
use crate::page::PageError;
use crate::search::{self, Misunderstanding};
use crate::seen::Seen;

/// How many rows a page may have; the first is the default.
pub(crate) const PAGE_SIZES: [usize; 4] = [20, 50, 100, 500];

/// What narrows a list, as its address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    pub(crate) queue: Option<String>,
    /// What stands in the search box.
    pub(crate) search: Option<String>,
    /// The last job of the page before.
    pub(crate) after: Option<Cursor>,
    /// `None`: the first of [`PAGE_SIZES`].
    pub(crate) rows: Option<usize>,
}

impl Filters {
    pub(crate) fn of_queue(queue: &str) -> Self {
        Self {
            queue: Some(queue.to_owned()),
            ..Self::default()
        }
    }

    pub(crate) fn of_kind(kind: &str) -> Self {
        Self {
            search: Some(search::written("kind", kind)),
            ..Self::default()
        }
    }

    pub(crate) fn of_batch(batch: BatchId) -> Self {
        Self {
            search: Some(search::written("batch", &batch.to_string())),
            ..Self::default()
        }
    }

    /// The same list from its start, with so many rows on a page.
    pub(crate) fn with_rows(&self, rows: usize) -> Self {
        Self {
            after: None,
            rows: Some(rows),
            ..self.clone()
        }
    }

    /// The same list on another page.
    pub(crate) fn on_page(&self, after: Option<Cursor>) -> Self {
        Self {
            after,
            ..self.clone()
        }
    }

    pub(crate) fn parse(query: &[(String, String)]) -> Result<Self, PageError> {
        let value = |name: &str| {
            let field = query.iter().find(|(key, _)| key == name);
            field
                .map(|(_, value)| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let rows = value("rows").map(|text| parse_rows(&text)).transpose()?;
        let after = value("after").map(|text| parse_cursor(&text)).transpose()?;

        Ok(Self {
            queue: value("queue"),
            search: value("q"),
            after,
            rows,
        })
    }

    /// All of it, list and queue included, as one search.
    pub(crate) fn words(&self, list: List) -> String {
        let state = match list {
            List::All => None,
            List::Retries => Some("state:retrying".to_owned()),
            List::In(state) => Some(format!("state:{}", state.name().to_ascii_lowercase())),
        };
        let queue = self
            .queue
            .as_ref()
            .map(|queue| search::written("queue", queue));
        let words: Vec<String> = [state, queue, self.search.clone()]
            .into_iter()
            .flatten()
            .collect();
        words.join(" ")
    }

    pub(crate) fn is_filtering(&self) -> bool {
        self.queue.is_some() || self.search.is_some()
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows.unwrap_or(PAGE_SIZES[0])
    }

    /// The query, or what of the search is not understood.
    pub(crate) fn query(
        &self,
        list: List,
        now: Timestamp,
    ) -> Result<JobQuery, Vec<Misunderstanding>> {
        let search = self.search.as_deref().unwrap_or_default();
        Ok(JobQuery {
            queue: self.queue.clone(),
            conditions: search::parse(search, now)?,
            after: self.after,
            limit: self.rows(),
            ..list.query()
        })
    }

    /// The address of a list narrowed like this.
    pub(crate) fn address(&self, path: &str) -> String {
        let rows = self.rows.map(|rows| rows.to_string());
        let after = self.after.map(write_cursor);
        let fields = [
            ("queue", &self.queue),
            ("q", &self.search),
            ("rows", &rows),
            ("after", &after),
        ];
        let given: Vec<String> = fields
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))))
            .collect();
        if given.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", given.join("&"))
    }
}

fn parse_rows(text: &str) -> Result<usize, PageError> {
    let rows = text.parse().ok().filter(|rows| PAGE_SIZES.contains(rows));
    rows.ok_or_else(|| {
        PageError::BadRequest("A page has 20, 50, 100 or 500 rows. Choose one of them.".to_owned())
    })
}

fn parse_cursor(text: &str) -> Result<Cursor, PageError> {
    let seen = Seen::parse(text).and_then(|seen| Some((seen.job, seen.changed_at?)));
    let damaged = "This address of a further page is damaged. Start again with the first page.";
    let (id, changed_at) = seen.ok_or_else(|| PageError::BadRequest(damaged.to_owned()))?;
    Ok(Cursor { changed_at, id })
}

fn write_cursor(cursor: Cursor) -> String {
    let seen = Seen {
        job: cursor.id,
        changed_at: Some(cursor.changed_at),
    };
    seen.to_field()
}

/// Percent-encodes everything that means something in a query.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_queue_is_called_its_address_is_one_word() {
        let filters = Filters::of_queue("a&b=c d/é");

        assert_eq!(
            filters.address("/jobs/failed"),
            "/jobs/failed?queue=a%26b%3Dc%20d%2F%C3%A9"
        );
    }
}
