-- Texts, so that a schedule which this version or this machine cannot read is still there to be shown.
create table job_engine_recurring (
  id text primary key,
  revision integer not null,
  created_at integer not null,
  changed_at integer not null,
  next_at integer,
  look_at integer,
  paused_at integer,
  paused_because text,
  error text,
  kind text not null,
  schedule text not null,
  time_zone text not null,
  code_schedule text not null,
  code_time_zone text not null,
  missed_runs text not null,
  overlap text not null,
  -- How many entries the history has had.
  runs integer not null,
  -- What is enqueued, as JSON.
  job text not null
) strict, without rowid;

create index job_engine_recurring_due on job_engine_recurring (look_at, id, kind)
  where look_at is not null;

create table job_engine_recurring_runs (
  recurring_job text not null,
  number integer not null,
  at integer not null,
  until integer,
  noted_at integer not null,
  cause text not null,
  job blob,
  -- The job's last state and how long it ran, when it has expired.
  state text,
  duration integer,
  note text,
  primary key (recurring_job, number)
) strict, without rowid;

create unique index job_engine_recurring_runs_job on job_engine_recurring_runs (job)
  where job is not null;

-- What may be forgotten once it is old.
create index job_engine_recurring_runs_past on job_engine_recurring_runs (recurring_job, number)
  where job is null or state is not null;
