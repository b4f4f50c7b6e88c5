-- How many jobs came into a state in a minute, an hour and a day of UTC.
create table job_engine_throughput (
  resolution text not null,
  at integer not null,
  state text not null,
  jobs integer not null,
  primary key (resolution, at, state)
) strict, without rowid;

-- Failures that are alike.
create table job_engine_error_groups (
  kind text not null,
  error_group text not null,
  jobs integer not null,
  failures integer not null,
  first_at integer not null,
  last_at integer not null,
  error text not null,
  primary key (kind, error_group)
) strict, without rowid;

create index job_engine_failed_of_group on job_engine_jobs (error ->> '$.group', ended_at)
  where state = 'Failed';

-- Only failures pay for these.
create trigger job_engine_failure_came after update of state on job_engine_jobs
when new.state = 'Failed' and old.state <> 'Failed' and new.error ->> '$.group' is not null
begin
  insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
  values (new.kind, new.error ->> '$.group', 1, 1, new.ended_at, new.ended_at, new.error)
  on conflict do update
  set jobs = jobs + 1, failures = failures + 1, last_at = new.ended_at, error = new.error;
end;

create trigger job_engine_failure_went after update of state on job_engine_jobs
when old.state = 'Failed' and new.state <> 'Failed' and old.error ->> '$.group' is not null
begin
  update job_engine_error_groups set jobs = jobs - 1
  where kind = old.kind and error_group = old.error ->> '$.group';
end;

create trigger job_engine_failure_removed after delete on job_engine_jobs
when old.state = 'Failed' and old.error ->> '$.group' is not null
begin
  update job_engine_error_groups set jobs = jobs - 1
  where kind = old.kind and error_group = old.error ->> '$.group';
end;
