use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream;
use http::request::Parts;
use http::{HeaderName, StatusCode, header};
use job_engine::Storage;
use job_engine::storage::Counts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{self, Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::access::{Gatekeeper, Viewer, as_sent};
use crate::{DashboardOptions, Shared};

/// How long pages go without a message when no counter changes: heartbeats age, too.
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

/// Watches the storage for all live pages together, as long as there is one.
pub(crate) struct Live {
    storage: Arc<dyn Storage>,
    interval: Duration,
    places: Arc<Semaphore>,
    stop: CancellationToken,
    news: watch::Sender<News>,
    watching: Mutex<bool>,
}

/// What live pages are told. Each message has a new number, or watchers would sleep through it.
#[derive(Debug, Clone, Default)]
struct News {
    number: u64,
    /// `None` when the storage does not answer.
    counts: Option<Counts>,
}

/// One live page's connection.
struct Viewing {
    asked: Parts,
    viewer: Viewer,
    access: Arc<dyn Gatekeeper>,
    recheck: Interval,
    news: watch::Receiver<News>,
    stop: CancellationToken,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// The event stream: `counts` when something changed, `unavailable` when the storage does not
/// answer, `closed` when the viewer may no longer look.
pub(crate) async fn stream(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(place) = Arc::clone(&shared.live.places).try_acquire_owned() else {
        let words = "Too many pages are live. Try again later.\n";
        let later = [(header::RETRY_AFTER, "15")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, words).into_response();
    };

    let viewing = Viewing::new(&parts, &shared, place);
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let events = Sse::new(viewing.events()).keep_alive(KeepAlive::default());
    (unbuffered, events).into_response()
}

impl Live {
    pub(crate) fn new(storage: Arc<dyn Storage>, options: &DashboardOptions) -> Self {
        Self {
            storage,
            interval: options.live_interval,
            places: Arc::new(Semaphore::new(options.live_pages)),
            stop: options.stop.clone(),
            news: watch::Sender::default(),
            watching: Mutex::new(false),
        }
    }

    /// Joins the watchers; the first one starts the watch, which ends after the last one.
    fn join(self: &Arc<Self>) -> watch::Receiver<News> {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        let mut receiver = self.news.subscribe();
        if receiver.borrow().number > 0 {
            // The page may be older than the last message.
            receiver.mark_changed();
        }
        if !*watching {
            *watching = true;
            tokio::spawn(Arc::clone(self).watch());
        }

        receiver
    }

    async fn watch(self: Arc<Self>) {
        let mut every = time::interval(self.interval);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told_at = Instant::now();
        while self.is_wanted() {
            every.tick().await;

            let counts = self.storage.counts().await.ok();
            let due = told_at.elapsed() >= AT_LEAST_EVERY;
            let told = self.news.send_if_modified(|news| {
                let changed = news.number == 0 || news.counts != counts;
                if changed || due {
                    news.number += 1;
                    news.counts = counts;
                }
                changed || due
            });
            if told {
                told_at = Instant::now();
            }
        }
    }

    /// Decided under the lock, so that nobody joins a watch that is about to end.
    fn is_wanted(&self) -> bool {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        *watching = self.news.receiver_count() > 0 && !self.stop.is_cancelled();
        *watching
    }
}

impl Viewing {
    fn new(parts: &Parts, shared: &Shared, place: OwnedSemaphorePermit) -> Self {
        let viewer = parts.extensions.get::<Viewer>();
        let mut recheck = time::interval(shared.options.access_recheck);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        recheck.reset();

        Self {
            asked: as_sent(parts),
            viewer: viewer.expect("everything is behind `admit`").clone(),
            access: Arc::clone(&shared.access),
            recheck,
            news: shared.live.join(),
            stop: shared.options.stop.clone(),
            over: false,
            _place: place,
        }
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut viewing| async move {
            let event = viewing.next().await?;
            Some((Ok(event), viewing))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }

        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = self.news.changed() => {
                    changed.ok()?;
                    return Some(to_event(&self.news.borrow_and_update()));
                }
                _ = self.recheck.tick() => {
                    if !self.may_stay().await {
                        self.over = true;
                        return Some(Event::default().event("closed").data("{}"));
                    }
                }
            }
        }
    }

    /// Whether the one who looks is still the same and may do the same.
    async fn may_stay(&self) -> bool {
        let access = self.access.authorize(&self.asked).await;
        access.viewer().as_ref() == Some(&self.viewer)
    }
}

fn to_event(news: &News) -> Event {
    let Some(counts) = &news.counts else {
        return Event::default().event("unavailable").data("{}");
    };

    let counts = serde_json::json!({
        "enqueued": counts.enqueued,
        "scheduled": counts.scheduled,
        "awaiting": counts.awaiting,
        "retries": counts.retries,
        "processing": counts.processing,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "deleted": counts.deleted,
    });
    Event::default().event("counts").data(counts.to_string())
}
