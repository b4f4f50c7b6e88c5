use crate::database::{Migration, Schema};

/// The tables of the catalogue.
pub const CATALOG: Schema = Schema {
    // "catalog" in ASCII.
    lock: 0x0063_6174_616c_6f67,
    migrations: &[
        Migration {
            postgres: include_str!("../../migrations/postgres/catalog/0001_catalog.sql"),
            sqlite: include_str!("../../migrations/sqlite/catalog/0001_catalog.sql"),
        },
        Migration {
            postgres: include_str!("../../migrations/postgres/catalog/0002_shared_secrets.sql"),
            sqlite: include_str!("../../migrations/sqlite/catalog/0002_shared_secrets.sql"),
        },
        Migration {
            postgres: include_str!(
                "../../migrations/postgres/catalog/0003_delivered_notifications.sql"
            ),
            sqlite: include_str!(
                "../../migrations/sqlite/catalog/0003_delivered_notifications.sql"
            ),
        },
    ],
};
