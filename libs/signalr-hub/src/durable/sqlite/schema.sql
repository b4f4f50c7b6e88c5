CREATE TABLE IF NOT EXISTS signalr_hub_inbox_users (
    hub          TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    newest       INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (hub, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS signalr_hub_inbox (
    hub        TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    method     TEXT    NOT NULL,
    -- A JSON array.
    arguments  TEXT    NOT NULL,
    has_number INTEGER NOT NULL,
    -- Seconds since 1970.
    sent_at    REAL    NOT NULL DEFAULT (unixepoch('subsec')),
    PRIMARY KEY (hub, user_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS signalr_hub_inbox_by_age ON signalr_hub_inbox (hub, sent_at);
