use crate::queues::LimitError;
use crate::storage::{Limit, Limited, SharedStorage, StorageError};

/// The limits of jobs with a [key](crate::NewJob::limit_key). Made by
/// [`Client::keys`](crate::Client::keys).
///
/// A key's limit is its own, else that of its group (what stands before its first slash, each key
/// for itself), else one job at a time. It counts over all servers and queues.
#[derive(Debug, Clone)]
pub struct Keys {
    storage: SharedStorage,
}

impl Keys {
    pub(crate) fn of(storage: &SharedStorage) -> Self {
        Self {
            storage: storage.clone(),
        }
    }

    /// Limits the jobs of one key, or of each key of a group, from the servers' next claim on.
    /// Takes the place of an earlier limit. The limit is kept in the storage, so an application may
    /// set it at each start.
    pub async fn limit(&self, key_or_group: &str, limit: Limit) -> Result<(), LimitError> {
        limit.check()?;
        let of = Limited::Key(key_or_group.to_owned());
        Ok(self.storage.set_limit(&of, limit).await?)
    }

    /// Takes a limit away: then the group's holds, or one job at a time. Answers whether there was
    /// one.
    pub async fn unlimit(&self, key_or_group: &str) -> Result<bool, StorageError> {
        let of = Limited::Key(key_or_group.to_owned());
        self.storage.remove_limit(&of).await
    }

    /// Every key and group that has a limit of its own, by name.
    pub async fn list(&self) -> Result<Vec<(String, Limit)>, StorageError> {
        let limits = self.storage.limits().await?;
        let of_keys = limits.into_iter().filter_map(|(of, limit)| match of {
            Limited::Key(name) => Some((name, limit)),
            Limited::Queue(_) => None,
        });
        Ok(of_keys.collect())
    }
}
