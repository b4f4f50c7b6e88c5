-- Which values the arguments of a job cannot hold; null where they are not known. They never change, so only
-- who enqueues a job or removes it pays for the index.
alter table job_engine_jobs add column low_marks integer;
alter table job_engine_jobs add column high_marks integer;

create index job_engine_marks on job_engine_jobs (id, low_marks, high_marks);
