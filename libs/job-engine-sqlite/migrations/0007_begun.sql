-- The claim whose run has begun, noted for jobs that were abandoned before: the next death of a
-- server counts against them only then.
alter table job_engine_jobs add column begun integer;
