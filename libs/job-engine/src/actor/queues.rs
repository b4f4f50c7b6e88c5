use super::{ActError, Actor, name, needed_reason};
use crate::storage::{Limit, Limited, Order, SeenLimit};

impl Actor {
    /// Stops a queue on all servers; what runs goes on.
    pub async fn pause_queue(&self, queue: &str, why: &str) -> Result<(), ActError> {
        let queue = name(queue)?;
        let why = needed_reason(why)?;
        let mut deed = self.deed("pause queue", &queue);
        deed.reason = Some(why.clone());
        let order = Order::PauseQueue {
            queue: queue.clone(),
            by: self.name.clone(),
            reason: why,
        };
        if self.order(&order, &deed).await? {
            return Ok(());
        }
        let queues = self.storage.queues().await?;
        let known = queues.into_iter().find(|known| known.name == queue);
        let pause = known.and_then(|known| known.paused);
        let by = pause.map_or_else(|| "Somebody".to_owned(), |pause| pause.by);
        Err(ActError::MovedOn(format!("{by} has paused it already.")))
    }

    /// Lets a paused queue go on.
    pub async fn resume_queue(&self, queue: &str) -> Result<(), ActError> {
        let queue = name(queue)?;
        let deed = self.deed("resume queue", &queue);
        if self.order(&Order::ResumeQueue { queue }, &deed).await? {
            return Ok(());
        }
        Err(ActError::moved_on("The queue is not paused any more."))
    }

    /// Limits a queue, a key or a group of keys, in place of the limit that they saw.
    pub async fn set_limit(
        &self,
        of: &Limited,
        limit: Limit,
        seen: SeenLimit,
    ) -> Result<(), ActError> {
        let of = named(of)?;
        if let Err(unfit) = limit.check() {
            return Err(ActError::Unfit(format!(
                "The limit was not understood: {unfit}."
            )));
        }

        let (Limited::Queue(target) | Limited::Key(target)) = &of;
        let mut deed = self.deed(format!("limit {}", thing(&of)), target);
        deed.reason = Some(limit.to_string());
        if self
            .order(&Order::SetLimit { of, limit, seen }, &deed)
            .await?
        {
            return Ok(());
        }
        Err(changed_meanwhile())
    }

    /// Takes the limit away that they saw.
    pub async fn remove_limit(&self, of: &Limited, seen: SeenLimit) -> Result<(), ActError> {
        let of = named(of)?;
        let (Limited::Queue(target) | Limited::Key(target)) = &of;
        let deed = self.deed(format!("remove limit of {}", thing(&of)), target);
        if self.order(&Order::RemoveLimit { of, seen }, &deed).await? {
            return Ok(());
        }
        Err(match seen {
            SeenLimit::Unseen => ActError::moved_on("There is no limit any more."),
            _ => changed_meanwhile(),
        })
    }
}

fn changed_meanwhile() -> ActError {
    ActError::moved_on("Somebody has changed this limit meanwhile.")
}

fn named(of: &Limited) -> Result<Limited, ActError> {
    Ok(match of {
        Limited::Queue(queue) => Limited::Queue(name(queue)?),
        Limited::Key(key) => Limited::Key(name(key)?),
    })
}

fn thing(of: &Limited) -> &'static str {
    match of {
        Limited::Queue(_) => "queue",
        Limited::Key(_) => "key",
    }
}
