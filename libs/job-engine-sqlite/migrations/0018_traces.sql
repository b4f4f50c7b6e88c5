-- The trace in which a job was enqueued, as W3C's `traceparent` writes it; null where there was none.
alter table job_engine_jobs add column trace text;
