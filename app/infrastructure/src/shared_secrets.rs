use application::ports::CatalogError;

use crate::connect::Adapters;
use crate::database::sql;

impl Adapters {
    /// The secret of this name that all processes with this database share. Whoever asks first has
    /// its `candidate` stored; everyone else gets what is there.
    pub async fn shared_secret(&self, name: &str, candidate: &str) -> Result<String, CatalogError> {
        let mut held = self.pool.begin().await?;
        sql("INSERT INTO shared_secrets (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(candidate)
        .execute(held.link())
        .await?;
        let row = sql("SELECT value FROM shared_secrets WHERE name = $1")
            .bind(name)
            .only(held.link())
            .await?;
        held.commit().await?;
        Ok(row.text("value")?)
    }
}
