-- Queues from which nothing is claimed.
create table job_engine_pauses (
  queue text primary key,
  since integer not null,
  "by" text not null,
  reason text not null
) strict, without rowid;
