-- Texts, so that a schedule which this version or this machine cannot read is still there to be shown.
create table job_engine.recurring (
  id text collate "C" primary key,
  revision bigint not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  next_at timestamptz,
  look_at timestamptz,
  paused_at timestamptz,
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
  runs bigint not null,
  -- What is enqueued, as JSON.
  job text not null
);

create index recurring_due on job_engine.recurring (look_at, id) where look_at is not null;

create table job_engine.recurring_runs (
  recurring_job text collate "C" not null,
  number bigint not null,
  at timestamptz not null,
  until timestamptz,
  noted_at timestamptz not null,
  cause text not null,
  job uuid,
  -- The job's last state and how long it ran, when it has expired.
  state job_engine.state,
  duration bigint,
  note text,
  primary key (recurring_job, number)
);

create unique index recurring_runs_job on job_engine.recurring_runs (job) where job is not null;

-- What may be forgotten once it is old.
create index recurring_runs_past on job_engine.recurring_runs (recurring_job, number)
  where job is null or state is not null;
