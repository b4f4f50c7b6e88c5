/// The storage could not do what was asked; nothing is known to have changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database did not answer or refused. Trying again may help.
    #[error("the job storage is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be understood. Trying again will not help.
    #[error("the job storage holds something unreadable: {0}")]
    Corrupt(String),
}

impl StorageError {
    /// The storage did not answer or refused, for this reason.
    pub fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
