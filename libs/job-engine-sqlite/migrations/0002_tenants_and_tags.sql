-- Whose job it is, its tags (a JSON array) and the version of its arguments; null where a job has
-- none.
alter table job_engine_jobs add column tenant text;
alter table job_engine_jobs add column tags text;
alter table job_engine_jobs add column version integer;
