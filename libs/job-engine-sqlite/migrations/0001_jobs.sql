-- Times and durations are microseconds, times since the Unix epoch; ids are 16 bytes.
create table job_engine_jobs (
  id blob primary key,
  state text not null,
  epoch integer not null default 0,
  attempts integer not null default 0,
  abandoned integer not null default 0,
  stages integer not null default 0,
  priority integer not null,
  kind text not null,
  queue text not null,
  created_at integer not null,
  changed_at integer not null,
  -- The stage that the job is in: enqueued, perhaps claimed, perhaps ended.
  enqueued_at integer,
  enqueue_reason text,
  claimed_at integer,
  server blob,
  due_at integer,
  ended_at integer,
  reason text,
  duration integer,
  result text,
  -- Of the last attempt that failed.
  error text,
  arguments text not null
) strict, without rowid;

-- With the time, which the summary of a queue reads.
create index job_engine_in_line on job_engine_jobs (queue, priority desc, id, enqueued_at)
  where state = 'Enqueued';
create index job_engine_due on job_engine_jobs (due_at, id) where state = 'Scheduled';
create index job_engine_held on job_engine_jobs (server) where state = 'Processing';
create index job_engine_ended on job_engine_jobs (state, ended_at, id) where ended_at is not null;

-- What a job went through before the stage that its own row tells. Only second and later stages
-- cost a row here.
create table job_engine_history (
  job blob not null,
  stage integer not null,
  attempt integer not null,
  enqueued_at integer,
  enqueue_reason text,
  claimed_at integer,
  server blob,
  state text,
  changed_at integer,
  due_at integer,
  reason text,
  duration integer,
  result text,
  error text,
  primary key (job, stage)
) strict, without rowid;

-- How many finished jobs there are in each state.
create table job_engine_totals (
  state text primary key,
  jobs integer not null
) strict, without rowid;

insert into job_engine_totals (state, jobs) values ('Succeeded', 0), ('Failed', 0), ('Deleted', 0);

create trigger job_engine_total_changed after update of state on job_engine_jobs
when old.ended_at is not null or new.ended_at is not null
begin
  update job_engine_totals set jobs = jobs - 1 where state = old.state;
  update job_engine_totals set jobs = jobs + 1 where state = new.state;
end;

create trigger job_engine_total_removed after delete on job_engine_jobs
when old.ended_at is not null
begin
  update job_engine_totals set jobs = jobs - 1 where state = old.state;
end;

-- Queues that have or had a job.
create table job_engine_queues (
  name text primary key
) strict, without rowid;

create trigger job_engine_queue_seen after insert on job_engine_jobs
when not exists (select 1 from job_engine_queues where name = new.queue)
begin
  insert into job_engine_queues (name) values (new.queue);
end;

create table job_engine_servers (
  id blob primary key,
  name text not null,
  -- A JSON array.
  queues text not null,
  workers integer not null,
  started_at integer not null,
  heartbeat_at integer not null
) strict, without rowid;
