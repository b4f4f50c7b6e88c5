create type job_engine.state as enum
  ('Enqueued', 'Scheduled', 'Processing', 'Succeeded', 'Failed', 'Deleted');

-- Enqueued and, with a server, Processing. A claim writes epoch, server and claimed_at alone, and
-- no index knows of them: with room on the page (a claimed row is longer by 24 bytes) it is a
-- heap-only update.
create table job_engine.ready (
  id uuid primary key,
  created_at timestamptz not null,
  enqueued_at timestamptz not null,
  claimed_at timestamptz,
  epoch bigint not null default 0,
  attempts integer not null default 0,
  abandoned integer not null default 0,
  stages integer not null default 0,
  priority smallint not null,
  server uuid,
  kind text not null,
  queue text not null,
  reason text,
  error text,
  arguments text not null
) with (
  fillfactor = 40,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create index ready_in_line on job_engine.ready (queue, priority desc, id);

-- Scheduled: delayed, or between two attempts (attempts > 0).
create table job_engine.waiting (
  id uuid primary key,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  due_at timestamptz not null,
  epoch bigint not null default 0,
  attempts integer not null default 0,
  abandoned integer not null default 0,
  stages integer not null default 0,
  priority smallint not null,
  kind text not null,
  queue text not null,
  reason text,
  error text,
  arguments text not null
) with (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create index waiting_due on job_engine.waiting (due_at, id);
create index waiting_changed on job_engine.waiting (changed_at, id);

-- Succeeded, Failed and Deleted, with the run that ended so.
create table job_engine.finished (
  id uuid primary key,
  created_at timestamptz not null,
  enqueued_at timestamptz,
  claimed_at timestamptz,
  changed_at timestamptz not null,
  epoch bigint not null,
  duration bigint,
  attempts integer not null,
  abandoned integer not null,
  stages integer not null,
  state job_engine.state not null,
  priority smallint not null,
  server uuid,
  kind text not null,
  queue text not null,
  enqueue_reason text,
  reason text,
  error text,
  result text,
  arguments text not null
);

create index finished_changed on job_engine.finished (state, changed_at, id);

comment on column job_engine.finished.duration is 'How long the run took, in microseconds.';
comment on column job_engine.finished.result is 'JSON, when it succeeded with one.';

-- What a job went through before the stage that its own row tells: Enqueued at, claimed at by
-- whom, and the state that ended it, if that was one of its own. Only second and later stages cost
-- a row here.
create table job_engine.history (
  job uuid not null,
  stage integer not null,
  attempt integer not null,
  enqueued_at timestamptz,
  claimed_at timestamptz,
  changed_at timestamptz,
  due_at timestamptz,
  duration bigint,
  state job_engine.state,
  server uuid,
  enqueue_reason text,
  reason text,
  error text,
  result text,
  primary key (job, stage)
);

-- Differences to be summed: how many finished jobs there are in each state. Every statement that
-- writes to `finished` adds what it changed; rows are never updated, so writers do not meet.
create table job_engine.tally (
  state job_engine.state not null,
  jobs bigint not null
);

-- Queues that had a job which is finished by now.
create table job_engine.queues (
  name text primary key
);

create table job_engine.servers (
  id uuid primary key,
  name text not null,
  queues text[] not null,
  workers integer not null,
  started_at timestamptz not null,
  heartbeat_at timestamptz not null,
  -- The key of the session advisory lock that the process holds while it lives; null when it has
  -- none, and then heartbeats alone count.
  pulse bigint,
  -- The start of the PostgreSQL server under which the lock was taken: a lock that a restart of
  -- the database released says nothing about the process.
  pulse_taken_under timestamptz
) with (fillfactor = 50);

-- Every job, as dashboards and people see it.
create view job_engine.jobs as
select
  'ready' as place, id, kind, queue, priority,
  case when server is null then 'Enqueued' else 'Processing' end::job_engine.state as state,
  case when server is null then reason end as reason,
  attempts + (server is not null)::integer as attempts,
  abandoned, arguments, created_at,
  coalesce(claimed_at, enqueued_at) as changed_at,
  null::timestamptz as due_at,
  server, error,
  null::bigint as duration,
  null::text as result,
  stages, enqueued_at, reason as enqueue_reason, claimed_at, server as claimed_by
from job_engine.ready
union all
select
  'waiting', id, kind, queue, priority, 'Scheduled', reason, attempts, abandoned, arguments,
  created_at, changed_at, due_at, null, error, null, null, stages, null, null, null,
  null
from job_engine.waiting
union all
select
  'finished', id, kind, queue, priority, state, reason, attempts, abandoned, arguments,
  created_at, changed_at, null, null, error, duration, result, stages, enqueued_at,
  enqueue_reason, claimed_at, server
from job_engine.finished;
