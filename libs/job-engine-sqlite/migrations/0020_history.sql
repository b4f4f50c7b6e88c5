-- In the order in which it happened, so that a stage is written behind the last one and not between
-- those of its job, each of which has a page of its own in a large table.
alter table job_engine_history rename to job_engine_history_by_job;

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
  error text
) strict;

insert into job_engine_history select * from job_engine_history_by_job;
drop table job_engine_history_by_job;

create unique index job_engine_history_of on job_engine_history (job, stage);
