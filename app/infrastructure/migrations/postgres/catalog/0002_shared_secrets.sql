-- What all processes that share this database must know and nobody else.
CREATE TABLE shared_secrets (
    name text PRIMARY KEY,
    value text NOT NULL
);
