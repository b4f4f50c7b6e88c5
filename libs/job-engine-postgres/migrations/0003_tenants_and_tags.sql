-- Whose job it is, its tags and the version of its arguments. Null, and without a byte, where a job
-- has none.
alter table job_engine.ready
  add column tenant text, add column tags text[], add column version integer;
alter table job_engine.waiting
  add column tenant text, add column tags text[], add column version integer;
alter table job_engine.finished
  add column tenant text, add column tags text[], add column version integer;

drop view job_engine.jobs;

-- Every job, as dashboards and people see it.
create view job_engine.jobs as
select
  'ready' as place, id, kind, queue, priority, tenant, tags, version,
  case when server is null then 'Enqueued' else 'Processing' end::job_engine.state as state,
  case when server is null then reason end as reason,
  attempts + (server is not null)::integer as attempts,
  abandoned, arguments, created_at,
  coalesce(claimed_at, enqueued_at) as changed_at,
  null::timestamptz as due_at,
  server, error,
  null::bigint as duration,
  null::text as result,
  stages, enqueued_at, reason as enqueue_reason, claimed_at, server as claimed_by
from job_engine.ready
union all
select
  'waiting', id, kind, queue, priority, tenant, tags, version, 'Scheduled', reason, attempts,
  abandoned, arguments, created_at, changed_at, due_at, null, error, null, null, stages, null, null,
  null, null
from job_engine.waiting
union all
select
  'finished', id, kind, queue, priority, tenant, tags, version, state, reason, attempts, abandoned,
  arguments, created_at, changed_at, null, null, error, duration, result, stages, enqueued_at,
  enqueue_reason, claimed_at, server
from job_engine.finished;

-- A tenant or a tag: 1 to 100 bytes without control characters.
create function job_engine.is_name(name text) returns boolean language sql immutable as $$
  select coalesce(octet_length(name) between 1 and 100 and name !~ '[[:cntrl:]]', false)
$$;

drop function job_engine.enqueue;

-- Enqueues a job from plain SQL, in the transaction of who calls it. Without `due_at` it runs as
-- soon as a worker polls or is woken.
create function job_engine.enqueue(
  kind text,
  arguments json,
  queue text default 'default',
  priority integer default 0,
  due_at timestamptz default null,
  tenant text default null,
  tags text[] default null
) returns uuid language plpgsql as $$
declare
  id uuid := job_engine.new_id();
  at timestamptz := statement_timestamp();
  tag text;
begin
  if enqueue.tenant is not null and not job_engine.is_name(enqueue.tenant) then
    raise exception 'a tenant is 1 to 100 bytes without control characters';
  end if;
  if cardinality(enqueue.tags) > 20 then
    raise exception 'a job has % tags; give at most 20', cardinality(enqueue.tags);
  end if;
  foreach tag in array coalesce(enqueue.tags, '{}') loop
    if not job_engine.is_name(tag) then
      raise exception 'a tag is 1 to 100 bytes without control characters';
    end if;
  end loop;

  if enqueue.due_at is null then
    insert into job_engine.ready
      (id, kind, queue, priority, arguments, created_at, enqueued_at, tenant, tags)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       enqueue.tenant, nullif(enqueue.tags, '{}'));
  else
    insert into job_engine.waiting
      (id, kind, queue, priority, arguments, created_at, changed_at, due_at, tenant, tags)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       enqueue.due_at, enqueue.tenant, nullif(enqueue.tags, '{}'));
  end if;
  return id;
end $$;
