alter type job_engine.state add value 'Awaiting' before 'Processing';

-- The batch that a job is of, and whether somebody is to be told how it ends: a batch or a job that
-- waits for it. Null, and without a byte, for plain jobs.
alter table job_engine.ready
  add column batch uuid, add column awaited boolean;
alter table job_engine.finished
  add column batch uuid, add column awaited boolean;

-- A job that waits for others waits with no end in sight (due_at = infinity); `continue_on` says how
-- they have to end. Once they have, it waits for `delay` microseconds more, or until `release_at`.
alter table job_engine.waiting
  add column batch uuid, add column awaited boolean, add column continue_on text,
  add column delay bigint, add column release_at timestamptz;

drop view job_engine.jobs;

-- Every job, as dashboards and people see it. The state of a waiting job is cast from text: a value
-- of the type that this transaction adds cannot be named in it.
create view job_engine.jobs as
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
  stages, enqueued_at, reason as enqueue_reason, claimed_at, server as claimed_by
from job_engine.ready
union all
select
  'waiting', id, kind, queue, priority, tenant, tags, version, batch,
  (case when continue_on is null then 'Scheduled' else 'Awaiting' end)::text::job_engine.state,
  reason, attempts, abandoned, arguments, created_at, changed_at, nullif(due_at, 'infinity'), null,
  error, null, null, stages, null, null, null, null
from job_engine.waiting
union all
select
  'finished', id, kind, queue, priority, tenant, tags, version, batch, state, reason, attempts,
  abandoned, arguments, created_at, changed_at, null, null, error, duration, result, stages,
  enqueued_at, enqueue_reason, claimed_at, server
from job_engine.finished;

-- Who waits for whom. A parent is a job or a batch.
create table job_engine.parents (
  parent uuid not null,
  child uuid not null,
  primary key (parent, child)
);

create index parents_of on job_engine.parents (child);

-- Jobs and batches that have ended, or have not any more, and of which those who wait and the batch
-- have not been told yet.
create table job_engine.news (
  id bigint generated always as identity primary key,
  job uuid not null,
  batch uuid,
  was job_engine.state,
  is_now job_engine.state
);

-- Kept up to date by the news of its jobs.
create table job_engine.batches (
  id uuid primary key,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  jobs bigint not null,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  deleted bigint not null default 0
) with (fillfactor = 50);

create index batches_ended on job_engine.batches (ended_at);

-- Who holds a key: while it is in one of the states, and until a time whatever becomes of it.
create table job_engine.unique_keys (
  kind text not null,
  key text not null,
  job uuid not null,
  states text[] not null,
  held_until timestamptz,
  primary key (kind, key)
);

create index unique_keys_of on job_engine.unique_keys (job);

-- Takes jobs out that have not changed since they were looked at (null: whatever has happened), or, if
-- so asked, only those that wait to be run. Answers how many, and whether servers held some of them.
create function job_engine.delete_jobs(
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
     limit_key, batch, awaited)
  select id, created_at, enqueued_at, claimed_at, clock_timestamp(), epoch,
    attempts + (server is not null)::integer, abandoned, stages, 'Deleted'::job_engine.state,
    priority, server, kind, queue, reason, $3, error, arguments, tenant, tags, version, limit_key,
    batch, awaited
  from ready
  union all
  select id, created_at, null, null, clock_timestamp(), epoch, attempts, abandoned, stages + 1,
    'Deleted', priority, null, kind, queue, null, $3, error, arguments, tenant, tags, version,
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

-- Takes a key for a job that is about to be stored. Answers the job that holds it, or null.
-- `replacement` is the reason for the deletion of a job that waits and holds it; null lets it be.
create function job_engine.take_key(
  kind text,
  key text,
  job uuid,
  states text[],
  hold bigint,
  replacement text
) returns uuid language plpgsql as $$
declare
  hold_until timestamptz := clock_timestamp() + hold * interval '1 microsecond';
  holder job_engine.unique_keys;
  found_state text;
begin
  loop
    insert into job_engine.unique_keys (kind, key, job, states, held_until)
    values (take_key.kind, take_key.key, take_key.job, take_key.states, hold_until)
    on conflict do nothing;
    if found then
      return null;
    end if;
    -- Waits for whoever is taking it just now.
    select * into holder from job_engine.unique_keys k
    where k.kind = take_key.kind and k.key = take_key.key
    for update;
    exit when found;
  end loop;

  select j.state::text into found_state from job_engine.jobs j where j.id = holder.job;
  if holder.held_until > clock_timestamp() or found_state = any (holder.states) then
    if replacement is null
      or 0 = (
        select deleted from job_engine.delete_jobs(
          array[holder.job], array[null::bigint], replacement, true
        )
      )
    then
      return holder.job;
    end if;
  end if;
  update job_engine.unique_keys k
  set job = take_key.job, states = take_key.states, held_until = hold_until
  where k.kind = take_key.kind and k.key = take_key.key;
  return null;
end $$;

-- Adds so many jobs to a batch, which must not have ended.
create function job_engine.join_batch(batch uuid, many bigint) returns void language plpgsql as $$
begin
  insert into job_engine.batches as b (id, jobs) values (batch, many)
  on conflict (id) do update set jobs = b.jobs + excluded.jobs
  where b.jobs > b.succeeded + b.failed + b.deleted;
  if not found then
    raise exception 'the batch % has ended', batch;
  end if;
end $$;

-- How a batch has ended; null while some of its jobs have not.
create function job_engine.end_of(batch job_engine.batches) returns job_engine.state
language sql immutable as $$
  select case
    when (batch).jobs > (batch).succeeded + (batch).failed + (batch).deleted then null
    when (batch).failed > 0 then 'Failed'
    when (batch).deleted > 0 then 'Deleted'
    else 'Succeeded'
  end::job_engine.state
$$;

-- Lets a stored job wait for a job or a batch. Whoever ends the parent waits for this transaction,
-- and then knows that somebody is to be told; if it has ended before, that is news.
create function job_engine.await_parent(child uuid, parent uuid) returns void
language plpgsql as $$
declare
  ended job_engine.state;
  the_batch job_engine.batches;
begin
  insert into job_engine.parents (parent, child) values (await_parent.parent, await_parent.child)
  on conflict do nothing;

  -- A job that moves from one table to the next may be missed once.
  for try in 1..5 loop
    perform from job_engine.ready r where r.id = await_parent.parent for key share;
    if found then
      update job_engine.ready r set awaited = true
      where r.id = await_parent.parent and r.awaited is not true;
      return;
    end if;
    perform from job_engine.waiting w where w.id = await_parent.parent for key share;
    if found then
      update job_engine.waiting w set awaited = true
      where w.id = await_parent.parent and w.awaited is not true;
      return;
    end if;
    update job_engine.finished f set awaited = true
    where f.id = await_parent.parent
    returning f.state into ended;
    if found then
      insert into job_engine.news (job, is_now) values (await_parent.parent, ended);
      return;
    end if;
    select * into the_batch from job_engine.batches b
    where b.id = await_parent.parent
    for update;
    if found then
      insert into job_engine.news (job, is_now)
      select await_parent.parent, job_engine.end_of(the_batch)
      where job_engine.end_of(the_batch) is not null;
      return;
    end if;
  end loop;
  raise exception 'there is no job or batch % to wait for', await_parent.parent;
end $$;

-- Tells batches and those who wait of at most so many news. Answers how many news there were, and
-- how many jobs may run now.
create function job_engine.spread_news(
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
     error, arguments, tenant, tags, version, limit_key, batch, awaited)
  select id, created_at, clock_timestamp(), epoch, attempts, abandoned, stages + 1, priority, kind,
    queue, ended_reason, error, arguments, tenant, tags, version, limit_key, batch, awaited
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

drop function job_engine.enqueue;

-- Enqueues a job from plain SQL, in the transaction of who calls it. Without `due_at` it runs as
-- soon as a worker polls or is woken; with `continues`, once all these jobs or batches have ended as
-- `continue_on` says, `Success` or `AnyEnd`.
create function job_engine.enqueue(
  kind text,
  arguments json,
  queue text default 'default',
  priority integer default 0,
  due_at timestamptz default null,
  tenant text default null,
  tags text[] default null,
  version integer default 1,
  continues uuid[] default null,
  continue_on text default 'Success',
  batch uuid default null
) returns uuid language plpgsql as $$
declare
  id uuid := job_engine.new_id();
  at timestamptz := statement_timestamp();
  tag text;
  parent uuid;
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
  if enqueue.continue_on not in ('Success', 'AnyEnd') then
    raise exception 'a job continues others on Success or on AnyEnd, not on %', enqueue.continue_on;
  end if;

  if enqueue.batch is not null then
    perform job_engine.join_batch(enqueue.batch, 1);
  end if;
  if enqueue.due_at is null and enqueue.continues is null then
    insert into job_engine.ready
      (id, kind, queue, priority, arguments, created_at, enqueued_at, tenant, tags, version, batch,
       awaited)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       enqueue.tenant, nullif(enqueue.tags, '{}'), nullif(enqueue.version, 1), enqueue.batch,
       nullif(enqueue.batch is not null, false));
  else
    insert into job_engine.waiting
      (id, kind, queue, priority, arguments, created_at, changed_at, due_at, tenant, tags, version,
       batch, awaited, continue_on, release_at, reason)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       case when enqueue.continues is null then enqueue.due_at else 'infinity' end,
       enqueue.tenant, nullif(enqueue.tags, '{}'), nullif(enqueue.version, 1), enqueue.batch,
       nullif(enqueue.batch is not null, false),
       case when enqueue.continues is not null then enqueue.continue_on end,
       case when enqueue.continues is not null then enqueue.due_at end,
       case when enqueue.continues is not null then 'Waits for others' end);
  end if;
  for parent in select distinct unnest(enqueue.continues) order by 1 loop
    perform job_engine.await_parent(id, parent);
  end loop;
  return id;
end $$;
