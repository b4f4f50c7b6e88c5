-- Who continues whom, for as long as the job that does is stored; `parents` holds what is still waited
-- for.
create table job_engine.families (
  child uuid not null,
  parent uuid not null,
  is_batch boolean not null,
  primary key (child, parent)
);

create index families_of on job_engine.families (parent);

insert into job_engine.families (child, parent, is_batch)
select p.child, p.parent, exists (select from job_engine.batches b where b.id = p.parent)
from job_engine.parents p;

create function job_engine.remember_parent() returns trigger
language plpgsql as $$
begin
  insert into job_engine.families (child, parent, is_batch)
  values (new.child, new.parent, exists (select from job_engine.batches b where b.id = new.parent))
  on conflict do nothing;
  return null;
end $$;

create trigger remember_parent after insert on job_engine.parents
for each row execute function job_engine.remember_parent();
