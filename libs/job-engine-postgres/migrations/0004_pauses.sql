-- Queues from which nothing is claimed.
create table job_engine.pauses (
  queue text primary key,
  since timestamptz not null,
  by text not null,
  reason text not null
);
