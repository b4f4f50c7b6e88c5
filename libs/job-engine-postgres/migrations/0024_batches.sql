-- Leads to the jobs of a batch. Jobs of none cost nothing.
create index ready_of_batch on job_engine.ready (batch) where batch is not null;
create index waiting_of_batch on job_engine.waiting (batch) where batch is not null;
create index finished_of_batch on job_engine.finished (batch) where batch is not null;
