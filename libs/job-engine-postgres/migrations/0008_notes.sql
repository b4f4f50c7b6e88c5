-- What jobs say about themselves while they run; removed with them.
create table job_engine.progress (
  job uuid primary key,
  done bigint not null,
  total bigint not null
) with (fillfactor = 50);

create table job_engine.log (
  job uuid not null,
  number bigint not null,
  at timestamptz not null,
  text text not null,
  primary key (job, number)
);
