-- Leads to the jobs of a batch. Jobs of none cost nothing.
create index job_engine_of_batch on job_engine_jobs (batch) where batch is not null;
