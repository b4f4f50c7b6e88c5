-- How long jobs of these kinds are kept after their end; all others as the servers' options say.
create table job_engine_retentions (
  kind text primary key,
  succeeded integer not null,
  deleted integer not null
) strict, without rowid;

-- Keys that are held for a time, whatever becomes of their jobs.
create index job_engine_keys_until on job_engine_keys (held_until) where held_until is not null;
