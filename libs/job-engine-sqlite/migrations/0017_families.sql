-- Who continues whom, for as long as the job that does is stored; `parents` holds what is still waited
-- for.
create table job_engine_families (
  child blob not null,
  parent blob not null,
  is_batch integer not null,
  primary key (child, parent)
) strict, without rowid;

create index job_engine_families_of on job_engine_families (parent);

insert into job_engine_families (child, parent, is_batch)
select child, parent, exists (select 1 from job_engine_batches where id = parent)
from job_engine_parents;

create trigger job_engine_remember_parent after insert on job_engine_parents
begin
  insert or ignore into job_engine_families (child, parent, is_batch)
  values (new.child, new.parent, exists (select 1 from job_engine_batches where id = new.parent));
end;
