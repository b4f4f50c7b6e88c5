-- How many notifications each user was given, and up to which one a page of theirs has them.
CREATE TABLE notification_numbers (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    newest INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The order in which a user is told.
ALTER TABLE notifications ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

UPDATE notifications SET number = numbered.number
FROM (
    SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS number FROM notifications
) AS numbered
WHERE numbered.id = notifications.id;

INSERT INTO notification_numbers (user_id, newest, delivered)
SELECT user_id, max(number), coalesce(max(number) FILTER (WHERE pushed_at IS NOT NULL), 0)
FROM notifications GROUP BY user_id;

DROP INDEX notifications_waiting;
ALTER TABLE notifications DROP COLUMN pushed_at;
CREATE UNIQUE INDEX notifications_by_number ON notifications (user_id, number);
