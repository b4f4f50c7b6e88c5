use crate::database::Database;

job_engine::storage_conformance!(Database::create().await.storage().await);
