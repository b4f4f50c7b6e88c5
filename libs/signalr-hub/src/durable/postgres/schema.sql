CREATE TABLE IF NOT EXISTS signalr_hub_inbox_numbers (
    hub     text   NOT NULL,
    user_id text   NOT NULL,
    newest  bigint NOT NULL,
    PRIMARY KEY (hub, user_id)
);

-- Apart from the numbers, whose rows are locked while a message is being sent.
CREATE TABLE IF NOT EXISTS signalr_hub_inbox_acknowledged (
    hub     text   NOT NULL,
    user_id text   NOT NULL,
    up_to   bigint NOT NULL,
    PRIMARY KEY (hub, user_id)
);

CREATE TABLE IF NOT EXISTS signalr_hub_inbox (
    hub        text        NOT NULL,
    user_id    text        NOT NULL,
    number     bigint      NOT NULL,
    method     text        NOT NULL,
    -- A JSON array, as text: it goes to clients as it is.
    arguments  text        NOT NULL,
    has_number boolean     NOT NULL,
    sent_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (hub, user_id, number)
);

CREATE INDEX IF NOT EXISTS signalr_hub_inbox_by_age ON signalr_hub_inbox (hub, sent_at);
