//! What servers tell each other of the lines before the queues.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::convert::{delay_micros, duration, signed, unsigned};
use crate::line::{NOTE_INTERVAL, Note};
use crate::looks::Look;

/// Unless somebody else has done so just now; `$4` is how long ago the look was.
const WRITE: &str = "
insert into job_engine.lines as l (queue, priorities, claimed, looked_at, took, slow, noted_at)
values ($1, $2, $3, clock_timestamp() - $4 * interval '1 microsecond', $5, $6, clock_timestamp())
on conflict (queue) do update
set priorities = excluded.priorities, claimed = excluded.claimed, looked_at = excluded.looked_at,
  took = excluded.took, slow = excluded.slow, noted_at = excluded.noted_at
where abs(extract(epoch from l.noted_at - excluded.noted_at)) * 1000000 >= $7";

/// Without it, servers that start find out by themselves.
pub(crate) async fn write(connection: &mut PgConnection, note: Note) {
    let written = sqlx::query(WRITE)
        .bind(note.queue)
        .bind(note.priorities)
        .bind(note.claimed)
        .bind(delay_micros(note.look.ago))
        .bind(delay_micros(note.look.took))
        .bind(signed(note.look.slow))
        .bind(delay_micros(NOTE_INTERVAL))
        .execute(connection)
        .await;
    if let Err(error) = written {
        tracing::debug!(%error, "servers that start are not told where the waiting jobs begin");
    }
}

pub(crate) fn note(row: &PgRow) -> sqlx::Result<Note> {
    Ok(Note {
        queue: row.try_get("queue")?,
        priorities: row.try_get("priorities")?,
        claimed: row.try_get("claimed")?,
        look: Look {
            ago: duration(row.try_get("ago")?),
            took: duration(row.try_get("took")?),
            slow: unsigned(row.try_get("slow")?),
        },
    })
}
