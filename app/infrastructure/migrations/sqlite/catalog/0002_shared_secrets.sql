-- What all processes that share this database must know and nobody else.
CREATE TABLE shared_secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
