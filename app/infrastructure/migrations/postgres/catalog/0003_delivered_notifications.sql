-- How many notifications each user was given, and up to which one a page of theirs has them.
CREATE TABLE notification_numbers (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    newest bigint NOT NULL,
    delivered bigint NOT NULL DEFAULT 0
);

-- The order in which a user is told: numbers appear in their order, for whoever takes one holds the
-- user's row until the commit.
ALTER TABLE notifications ADD COLUMN number bigint;

UPDATE notifications SET number = numbered.number
FROM (
    SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS number FROM notifications
) AS numbered
WHERE numbered.id = notifications.id;

ALTER TABLE notifications ALTER COLUMN number SET NOT NULL;

INSERT INTO notification_numbers (user_id, newest, delivered)
SELECT user_id, max(number), coalesce(max(number) FILTER (WHERE pushed_at IS NOT NULL), 0)
FROM notifications GROUP BY user_id;

DROP INDEX notifications_waiting;
ALTER TABLE notifications DROP COLUMN pushed_at;
CREATE UNIQUE INDEX notifications_by_number ON notifications (user_id, number);
