-- The claim whose run has begun, noted for jobs that were abandoned before: the next death of a
-- server counts against them only then.
alter table job_engine.ready add column begun bigint;
