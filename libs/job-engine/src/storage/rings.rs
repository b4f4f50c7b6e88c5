use tokio::sync::watch;

/// Wakes who waits in this process: how often something has happened, for whoever was not there each
/// time. See [`Storage::job_enqueued`](super::Storage::job_enqueued).
#[derive(Debug, Default)]
pub struct Rings(watch::Sender<u64>);

impl Rings {
    /// It has happened once more.
    pub fn ring(&self) {
        self.0.send_modify(|times| *times += 1);
    }

    /// It has happened so often; less than is known already changes nothing.
    pub fn ring_up_to(&self, times: u64) {
        self.0.send_if_modified(|known| {
            let is_news = times > *known;
            *known = times.max(*known);
            is_news
        });
    }

    /// How often it has happened, once that is not `seen`.
    pub async fn other_than(&self, seen: u64) -> u64 {
        let mut rings = self.0.subscribe();
        let news = rings.wait_for(|times| *times != seen).await;
        *news.expect("the sender is in this value")
    }
}
