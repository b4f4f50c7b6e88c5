-- How often jobs were taken out of the hands of servers, in one row: who holds jobs looks at it
-- often, to learn soon that some were deleted or requeued by another process.
create table job_engine_revocations (
  times integer not null
) strict;

insert into job_engine_revocations (times) values (0);

create trigger job_engine_revoked after update of state on job_engine_jobs
when old.state = 'Processing' and new.state in ('Enqueued', 'Deleted')
begin
  update job_engine_revocations set times = times + 1;
end;
