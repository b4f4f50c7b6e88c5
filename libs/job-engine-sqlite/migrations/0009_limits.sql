-- What a job's limits are counted by; null where it has none.
alter table job_engine_jobs add column limit_key text;

-- Jobs wait in a line for each tenant and key; those of nobody without a key stand in the first one.
-- With the time, which the summary of a queue reads.
drop index job_engine_in_line;
create index job_engine_in_line on job_engine_jobs
  (queue, coalesce(tenant, ''), coalesce(limit_key, ''), priority desc, id, enqueued_at)
  where state = 'Enqueued';

create table job_engine_limits (
  scope text not null check (scope in ('queue', 'key')),
  -- A queue; a key, or the group of keys that begin with it and a slash.
  name text not null,
  concurrency integer,
  rate_jobs integer,
  rate_period integer,
  primary key (scope, name)
) strict, without rowid;

-- Claims that count towards a limit: as running while their lease is valid, as begun while they are
-- younger than the period. Nobody has to give a slot back.
create table job_engine_slots (
  scope text not null,
  name text not null,
  job blob not null,
  epoch integer not null,
  taken_at integer not null,
  primary key (scope, name, job, epoch)
) strict, without rowid;
