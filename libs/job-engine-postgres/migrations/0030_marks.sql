-- What a search for arguments may find a finished job by, in 128 bits; null where nobody looked. Beside
-- the key, so that such a search reads this index instead of all jobs.
alter table job_engine.finished add column low_marks bigint, add column high_marks bigint;

create unique index finished_marked on job_engine.finished (id) include (low_marks, high_marks);
alter table job_engine.finished
  drop constraint finished_pkey,
  add constraint finished_pkey primary key using index finished_marked;
