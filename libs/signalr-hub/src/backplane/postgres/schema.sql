CREATE TABLE IF NOT EXISTS signalr_hub_envelopes (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    hub          text        NOT NULL,
    publisher    uuid        NOT NULL,
    payload      bytea       NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (hub, id)
);
