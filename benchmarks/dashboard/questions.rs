//! What people ask of the dashboard, and how soon they want to see the answer.

use std::time::Duration;

use job_engine::storage::SharedStorage;

use crate::visitor::{Visitor, between, encode};
use crate::{Outcome, number};

/// How often each page is asked for, after a first time that does not count; the median does.
const ROUNDS: usize = 5;

const PAGE: u64 = 50;
const SEARCH: u64 = 100;
const DEEP_SEARCH: u64 = 200;

/// Below the dashboard's address.
const PAGES: [&str; 26] = [
    "/",
    "/?period=day",
    "/?period=week",
    "/jobs/enqueued",
    "/jobs/scheduled",
    "/retries",
    "/jobs/awaiting",
    "/jobs/processing",
    "/jobs/succeeded",
    "/jobs/failed",
    "/jobs/deleted",
    "/jobs",
    "/jobs/enqueued?queue=mail",
    "/jobs/failed?queue=mail",
    "/jobs/succeeded?queue=rare",
    "/jobs/succeeded?rows=100",
    "/errors",
    "/queues",
    "/queues/default",
    "/kinds",
    "/servers",
    "/recurring",
    "/batches",
    "/operations",
    "/operations/new?action=requeue&q=state:failed",
    "/audit",
];

/// Lists whose pages far behind the first one are looked at.
const LONG_LISTS: [&str; 5] = [
    "/jobs/enqueued",
    "/jobs/scheduled",
    "/jobs/succeeded",
    "/jobs/failed",
    "/jobs",
];

/// What is written into the search box of all jobs, unless it names a list.
const SEARCHES: [(&str, u64); 54] = [
    ("kind:kind_0", SEARCH),
    ("kind:kind_19", SEARCH),
    ("kind:rare_kind", SEARCH),
    ("kind:none", SEARCH),
    ("kind:kind_19,rare_kind", SEARCH),
    ("-kind:kind_0", SEARCH),
    ("queue:default", SEARCH),
    ("queue:rare", SEARCH),
    ("queue:none", SEARCH),
    ("-queue:default", SEARCH),
    ("state:failed", SEARCH),
    ("state:failed,deleted", SEARCH),
    ("state:enqueued", SEARCH),
    ("state:retrying", SEARCH),
    ("-state:succeeded", SEARCH),
    ("kind:kind_7 state:failed", SEARCH),
    ("kind:kind_19 queue:rare", SEARCH),
    ("kind:rare_kind state:failed", SEARCH),
    ("kind:kind_3 queue:mail state:enqueued", SEARCH),
    ("tenant:tenant-0", DEEP_SEARCH),
    ("tenant:tenant-499", DEEP_SEARCH),
    ("tenant:rare-tenant", DEEP_SEARCH),
    ("tenant:none", DEEP_SEARCH),
    ("tenant:tenant-7 state:failed", DEEP_SEARCH),
    ("tenant:tenant-7 kind:kind_19", DEEP_SEARCH),
    ("tag:vip", DEEP_SEARCH),
    ("tag:order-{middle}", DEEP_SEARCH),
    ("tag:none", DEEP_SEARCH),
    ("tag:vip state:failed", DEEP_SEARCH),
    ("changed:<1h", DEEP_SEARCH),
    ("changed:>3d", DEEP_SEARCH),
    ("changed:>3d state:failed", DEEP_SEARCH),
    ("created:<1h", DEEP_SEARCH),
    ("created:>6d", DEEP_SEARCH),
    ("created:>3d kind:kind_7", DEEP_SEARCH),
    ("created:>30d", DEEP_SEARCH),
    ("attempts:3", DEEP_SEARCH),
    ("attempts:>7", DEEP_SEARCH),
    ("id:{id}", SEARCH),
    ("id:ffffff", SEARCH),
    ("error:timed", DEEP_SEARCH),
    ("error:unheard-of", DEEP_SEARCH),
    ("error:none", DEEP_SEARCH),
    ("error:none queue:mail", DEEP_SEARCH),
    ("group:0000000000000007", SEARCH),
    ("group:ffffffffffffffff", SEARCH),
    ("welcome", DEEP_SEARCH),
    ("nowhere", DEEP_SEARCH),
    ("args.template:welcome", DEEP_SEARCH),
    ("args.user.id:{middle}", DEEP_SEARCH),
    ("args.user.id:none", DEEP_SEARCH),
    ("args.user.id:{middle} kind:kind_0", DEEP_SEARCH),
    ("args.items.0:42 state:failed", DEEP_SEARCH),
    ("args.template:goodbye created:<2d", DEEP_SEARCH),
];

/// Prints a table, of all or of the searches that begin so; answers whether every bar was met.
pub async fn ask(storage: SharedStorage, only: Option<&str>) -> Outcome<bool> {
    let mut asking = Asking {
        visitor: Visitor::of(storage),
        asked: 0,
        missed: 0,
    };
    println!(
        "{:<58} {:>10} {:>10} {:>8}",
        "page", "median", "slowest", "bar"
    );
    if only.is_none() {
        asking.lists().await?;
    }
    for (words, bar) in SEARCHES {
        if only.is_none_or(|only| words.starts_with(only)) {
            asking.search(words, bar).await?;
        }
    }
    println!("{} pages, {} missed their bar", asking.asked, asking.missed);
    Ok(asking.missed == 0)
}

struct Asking {
    visitor: Visitor,
    asked: usize,
    missed: usize,
}

impl Asking {
    async fn lists(&mut self) -> Outcome<()> {
        for path in PAGES {
            self.page(path, path, PAGE).await?;
        }
        for list in LONG_LISTS {
            self.further_pages(list).await?;
        }
        self.job().await
    }

    async fn page(&mut self, name: &str, path: &str, bar: u64) -> Outcome<()> {
        self.visitor.get(path).await?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(self.visitor.get(path).await?.took);
        }
        times.sort_unstable();
        let (median, slowest) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        let is_met = median < Duration::from_millis(bar);
        self.asked += 1;
        self.missed += usize::from(!is_met);
        println!(
            "{name:<58} {:>7.1} ms {:>7.1} ms {bar:>5} ms{}",
            millis(median),
            millis(slowest),
            if is_met { "" } else { "  missed" }
        );
        Ok(())
    }

    /// The second page, and one from the middle of the week.
    async fn further_pages(&mut self, list: &str) -> Outcome<()> {
        for (which, narrowed) in [
            ("page 2", list.to_owned()),
            ("far", format!("{list}?q=changed%3A%3E3d")),
        ] {
            let start = self.visitor.get(&narrowed).await?.text;
            if let Some(after) = between(&start, "after=", "\"") {
                let path = format!("{list}?after={after}");
                self.page(&format!("{list}, {which}"), &path, PAGE).await?;
            }
        }
        Ok(())
    }

    /// One that failed, with its history.
    async fn job(&mut self) -> Outcome<()> {
        let id = self.failed_job().await?;
        self.page("/jobs/details/…", &format!("/jobs/details/{id}"), PAGE)
            .await
    }

    async fn search(&mut self, words: &str, bar: u64) -> Outcome<()> {
        let middle = number("JOBS", 1_000_000) / 2 + 1;
        let mut said = words.replace("{middle}", &middle.to_string());
        if said.contains("{id}") {
            let id = self.failed_job().await?;
            said = said.replace("{id}", &id[..13]);
        }
        let path = format!("/jobs?q={}", encode(&said));
        self.page(words, &path, bar).await
    }

    async fn failed_job(&mut self) -> Outcome<String> {
        let list = self.visitor.get("/jobs/failed").await?.text;
        let id = between(&list, "/jobs/details/", "\"").ok_or("no job has failed")?;
        Ok(id.to_owned())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
