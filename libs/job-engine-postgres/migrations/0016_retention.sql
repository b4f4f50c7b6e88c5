-- How long jobs of these kinds are kept after their end, in microseconds; all others as the servers'
-- options say.
create table job_engine.retentions (
  kind text primary key,
  succeeded bigint not null,
  deleted bigint not null
);

-- Keys that are held for a time, whatever becomes of their jobs.
create index unique_keys_until on job_engine.unique_keys (held_until) where held_until is not null;
