-- Jobs that wait, newest change first. With what lists and counts ask of many of them.
create index job_engine_enqueued on job_engine_jobs (changed_at, kind, queue)
  where state = 'Enqueued';
create index job_engine_scheduled on job_engine_jobs (changed_at, attempts, kind, queue)
  where state = 'Scheduled';
