-- Finished jobs of a kind or of a queue, newest change first.
create index job_engine_ended_of_kind on job_engine_jobs (kind, state, ended_at)
  where ended_at is not null;
create index job_engine_ended_of_queue on job_engine_jobs (queue, state, ended_at)
  where ended_at is not null;
