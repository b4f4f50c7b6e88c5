-- The trace in which a job was enqueued, as W3C's `traceparent` writes it; null, and without a byte,
-- where there was none.
alter table job_engine.ready add column trace text;
alter table job_engine.waiting add column trace text;
alter table job_engine.finished add column trace text;

create or replace view job_engine.jobs as
select
  'ready' as place, id, kind, queue, priority, tenant, tags, version, batch,
  case when server is null then 'Enqueued' else 'Processing' end::job_engine.state as state,
  case when server is null then reason end as reason,
  attempts + (server is not null)::integer as attempts,
  abandoned, arguments, created_at,
  coalesce(claimed_at, enqueued_at) as changed_at,
  null::timestamptz as due_at,
  server, error,
  null::bigint as duration,
  null::text as result,
  stages, enqueued_at, reason as enqueue_reason, claimed_at, server as claimed_by,
  null::text as continue_on, trace
from job_engine.ready
union all
select
  'waiting', id, kind, queue, priority, tenant, tags, version, batch,
  (case when continue_on is null then 'Scheduled' else 'Awaiting' end)::text::job_engine.state,
  reason, attempts, abandoned, arguments, created_at, changed_at, nullif(due_at, 'infinity'), null,
  error, null, null, stages, null, null, null, null, continue_on, trace
from job_engine.waiting
union all
select
  'finished', id, kind, queue, priority, tenant, tags, version, batch, state, reason, attempts,
  abandoned, arguments, created_at, changed_at, null, null, error, duration, result, stages,
  enqueued_at, enqueue_reason, claimed_at, server, null, trace
from job_engine.finished;

-- Takes jobs out that have not changed since they were looked at (null: whatever has happened), or, if
-- so asked, only those that wait to be run. Answers how many, and whether servers held some of them.
create or replace function job_engine.delete_jobs(
  ids uuid[],
  seen_at bigint[],
  because text,
  only_waiting boolean,
  out deleted bigint,
  out was_held boolean
) language sql as $$
with seen as (
  select id, 'epoch'::timestamptz + at * interval '1 microsecond' as at
  from unnest($1, $2) as s (id, at)
), ready as (
  delete from job_engine.ready r using seen s
  where s.id = r.id and coalesce(s.at = coalesce(r.claimed_at, r.enqueued_at), true)
    and (r.server is null or not $4)
  returning r.*
), scheduled as (
  delete from job_engine.waiting w using seen s
  where s.id = w.id and coalesce(s.at = w.changed_at, true)
  returning w.*
), finished as (
  select f.*
  from job_engine.finished f
  join seen s on s.id = f.id and coalesce(s.at = f.changed_at, true)
  where f.state <> 'Deleted' and not $4
  for update of f
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server,
     enqueue_reason, reason, error, result)
  select id, stages, attempts, enqueued_at, claimed_at, changed_at, null::timestamptz, duration,
    state, server, enqueue_reason, reason, error, result
  from finished
  union all
  select id, stages, attempts, null, null, changed_at, nullif(due_at, 'infinity'), null,
    (case when continue_on is null then 'Scheduled' else 'Awaiting' end)::text::job_engine.state,
    null, null, reason, null, null
  from scheduled
), marked as (
  update job_engine.finished f
  set state = 'Deleted', changed_at = clock_timestamp(), stages = f.stages + 1, reason = $3,
    enqueued_at = null, claimed_at = null, duration = null, server = null, enqueue_reason = null,
    result = null
  from finished
  where f.id = finished.id
  returning f.id
), moved as (
  insert into job_engine.finished
    (id, created_at, enqueued_at, claimed_at, changed_at, epoch, attempts, abandoned, stages, state,
     priority, server, kind, queue, enqueue_reason, reason, error, arguments, tenant, tags, version,
     trace, limit_key, batch, awaited)
  select id, created_at, enqueued_at, claimed_at, clock_timestamp(), epoch,
    attempts + (server is not null)::integer, abandoned, stages, 'Deleted'::job_engine.state,
    priority, server, kind, queue, reason, $3, error, arguments, tenant, tags, version, trace,
    limit_key, batch, awaited
  from ready
  union all
  select id, created_at, null, null, clock_timestamp(), epoch, attempts, abandoned, stages + 1,
    'Deleted', priority, null, kind, queue, null, $3, error, arguments, tenant, tags, version, trace,
    limit_key, batch, awaited
  from scheduled
  returning id
), told as (
  insert into job_engine.news (job, batch, was, is_now)
  select id, batch, state, 'Deleted'::job_engine.state from finished where awaited
  union all select id, batch, null, 'Deleted' from ready where awaited
  union all select id, batch, null, 'Deleted' from scheduled where awaited
), counted as (
  insert into job_engine.tally (state, jobs)
  select state, -count(*) from finished group by state
  union all
  select 'Deleted', count(*) from (select from marked union all select from moved) as gone
  having count(*) > 0
), remembered as (
  insert into job_engine.queues (name)
  select queue from ready union select queue from scheduled
  on conflict do nothing
)
select (select count(*) from marked) + (select count(*) from moved),
  exists (select from ready where server is not null)
$$;

-- Tells batches and those who wait of at most so many news. Answers how many news there were, and
-- how many jobs may run now.
create or replace function job_engine.spread_news(
  most integer,
  ended_reason text,
  unmet_reason text,
  out told integer,
  out released integer
) language plpgsql as $$
declare
  fresh job_engine.news[];
  ended_ids uuid[];
  ended_states job_engine.state[];
  children uuid[];
  unmet uuid;
  later integer;
begin
  released := 0;
  with taken as (
    delete from job_engine.news n
    where n.id in (
      select id from job_engine.news order by id limit most for update skip locked
    )
    returning n as item
  )
  select coalesce(array_agg(item order by (item).id), '{}')
  into fresh
  from taken;
  told := cardinality(fresh);
  if told = 0 then
    return;
  end if;

  -- In the order of the ids, as everyone who locks several.
  perform from job_engine.batches b
  where b.id in (select f.batch from unnest(fresh) f where f.batch is not null)
  order by b.id
  for update;
  with counted as (
    update job_engine.batches b
    set succeeded = b.succeeded + d.succeeded, failed = b.failed + d.failed,
      deleted = b.deleted + d.deleted
    from (
      select f.batch,
        count(*) filter (where is_now = 'Succeeded') - count(*) filter (where was = 'Succeeded')
          as succeeded,
        count(*) filter (where is_now = 'Failed') - count(*) filter (where was = 'Failed') as failed,
        count(*) filter (where is_now = 'Deleted') - count(*) filter (where was = 'Deleted')
          as deleted
      from unnest(fresh) f
      where f.batch is not null
      group by f.batch
    ) d
    where b.id = d.batch
    returning b.id
  )
  select array_agg(id) into children from counted;
  update job_engine.batches b
  set ended_at = case when job_engine.end_of(b) is not null then clock_timestamp() end
  where b.id = any (children);

  select array_agg(e.id), array_agg(e.state)
  into ended_ids, ended_states
  from (
    select f.job, f.is_now from unnest(fresh) f where f.is_now is not null
    union
    select b.id, job_engine.end_of(b) from job_engine.batches b
    where b.id = any (children) and job_engine.end_of(b) is not null
  ) as e (id, state);

  select array_agg(distinct p.child)
  into children
  from job_engine.parents p
  where p.parent = any (ended_ids);
  if children is null then
    return;
  end if;
  perform from job_engine.waiting w
  where w.id = any (children) and w.continue_on is not null
  order by w.id
  for update;

  for unmet in
    select distinct w.id
    from unnest(ended_ids, ended_states) as e (id, state)
    join job_engine.parents p on p.parent = e.id
    join job_engine.waiting w on w.id = p.child
    where w.continue_on = 'Success' and e.state = 'Deleted'
  loop
    perform job_engine.delete_jobs(array[unmet], array[null::bigint], unmet_reason, true);
    delete from job_engine.parents p where p.child = unmet;
  end loop;

  delete from job_engine.parents p
  using unnest(ended_ids, ended_states) as e (id, state)
  where p.parent = e.id and not exists (
    select from job_engine.waiting w
    where w.id = p.child and w.continue_on = 'Success' and e.state <> 'Succeeded'
  );

  with free as (
    delete from job_engine.waiting w
    where w.id = any (children) and w.continue_on is not null and w.delay is null
      and w.release_at is null
      and not exists (select from job_engine.parents p where p.child = w.id)
    returning w.*
  ), past as (
    insert into job_engine.history (job, stage, attempt, changed_at, state, reason)
    select id, stages, attempts, changed_at, 'Awaiting', reason from free
  )
  insert into job_engine.ready
    (id, created_at, enqueued_at, epoch, attempts, abandoned, stages, priority, kind, queue, reason,
     error, arguments, tenant, tags, version, trace, limit_key, batch, awaited)
  select id, created_at, clock_timestamp(), epoch, attempts, abandoned, stages + 1, priority, kind,
    queue, ended_reason, error, arguments, tenant, tags, version, trace, limit_key, batch, awaited
  from free;
  get diagnostics released = row_count;

  with past as (
    insert into job_engine.history (job, stage, attempt, changed_at, state, reason)
    select w.id, w.stages, w.attempts, w.changed_at, 'Awaiting', w.reason
    from job_engine.waiting w
    where w.id = any (children) and w.continue_on is not null
      and not exists (select from job_engine.parents p where p.child = w.id)
    returning job
  )
  update job_engine.waiting w
  set continue_on = null, changed_at = clock_timestamp(), stages = w.stages + 1,
    reason = ended_reason,
    due_at = coalesce(clock_timestamp() + w.delay * interval '1 microsecond', w.release_at)
  from past
  where w.id = past.job;
  get diagnostics later = row_count;
  released := released + later;
end $$;
