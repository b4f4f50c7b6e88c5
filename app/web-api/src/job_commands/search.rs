//! The words that find jobs.

use anyhow::bail;
use jiff::Timestamp;
use job_engine::storage::JobQuery;

pub(super) fn parse(search: &str) -> anyhow::Result<JobQuery> {
    match job_engine_dashboard::parse_search(search, Timestamp::now()) {
        Ok(conditions) => Ok(JobQuery {
            conditions,
            ..JobQuery::default()
        }),
        Err(problems) => bail!("{}", problems.join("\n")),
    }
}
