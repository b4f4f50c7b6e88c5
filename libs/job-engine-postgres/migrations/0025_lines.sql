-- Up to which jobs, by priority, the line before a queue is known to be claimed, where looks from its
-- start are slow. A server that starts goes on from there instead of finding it out again. A row is
-- written at most once a second however many servers there are: beside a transaction that stays open,
-- its versions pile up.
create table job_engine.lines (
  queue text primary key,
  priorities smallint[] not null,
  claimed uuid[] not null,
  -- The last look from the start, and how many in a row were slow.
  looked_at timestamptz not null,
  took bigint not null,
  slow integer not null,
  noted_at timestamptz not null
) with (fillfactor = 50);

comment on column job_engine.lines.took is 'In microseconds.';
