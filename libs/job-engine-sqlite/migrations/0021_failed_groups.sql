-- The group of the error with which the job failed last.
alter table job_engine_jobs add column error_group text;

drop trigger job_engine_failure_came;
drop trigger job_engine_failure_went;
drop trigger job_engine_failure_removed;
drop index job_engine_failed_of_group;

update job_engine_jobs set error_group = error ->> '$.group' where state = 'Failed';

create index job_engine_failed_of_group on job_engine_jobs (error_group, ended_at)
  where state = 'Failed';

-- Without a function and a conflict: for either SQLite would keep a copy of every page that a command changes.
create trigger job_engine_failure_came after update of state on job_engine_jobs
when new.state = 'Failed' and old.state <> 'Failed' and new.error_group is not null
begin
  insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
  select new.kind, new.error_group, 0, 0, new.ended_at, new.ended_at, new.error
  where not exists (
    select 1 from job_engine_error_groups
    where kind = new.kind and error_group = new.error_group
  );
  update job_engine_error_groups
  set jobs = jobs + 1, failures = failures + 1, last_at = new.ended_at, error = new.error
  where kind = new.kind and error_group = new.error_group;
end;

create trigger job_engine_failure_went after update of state on job_engine_jobs
when old.state = 'Failed' and new.state <> 'Failed' and old.error_group is not null
begin
  update job_engine_error_groups set jobs = jobs - 1
  where kind = old.kind and error_group = old.error_group;
end;

create trigger job_engine_failure_removed after delete on job_engine_jobs
when old.state = 'Failed' and old.error_group is not null
begin
  update job_engine_error_groups set jobs = jobs - 1
  where kind = old.kind and error_group = old.error_group;
end;
