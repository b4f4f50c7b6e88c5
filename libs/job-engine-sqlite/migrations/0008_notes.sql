-- What jobs say about themselves while they run; removed with them.
alter table job_engine_jobs add column done integer;
alter table job_engine_jobs add column total integer;

create table job_engine_log (
  job blob not null,
  number integer not null,
  at integer not null,
  text text not null,
  primary key (job, number)
) strict, without rowid;
