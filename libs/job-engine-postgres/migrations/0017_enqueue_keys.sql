drop function job_engine.enqueue;

-- Enqueues a job from plain SQL, in the transaction of who calls it. Without `due_at` it runs as
-- soon as a worker polls or is woken; with `continues`, once all these jobs or batches have ended as
-- `continue_on` says, `Success` or `AnyEnd`.
--
-- A job whose `unique_key` another one of its kind holds is not stored, and the answer is the other
-- one. A key is held while its job is in one of the states `unique_while`, and for `unique_within`
-- whatever becomes of it; with `unique_replaces` a holder that no server has begun to run is deleted.
-- Jobs with the same `limit_key` run one at a time, or as the key's limit says.
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
  batch uuid default null,
  limit_key text default null,
  unique_key text default null,
  unique_within interval default null,
  unique_while text[] default '{Enqueued,Scheduled,Awaiting,Processing}',
  unique_replaces boolean default false
) returns uuid language plpgsql as $$
declare
  id uuid := job_engine.new_id();
  at timestamptz := statement_timestamp();
  tag text;
  parent uuid;
  state text;
  holder uuid;
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
  if enqueue.limit_key is not null and not job_engine.is_name(enqueue.limit_key) then
    raise exception 'a limit key is 1 to 100 bytes without control characters';
  end if;

  if enqueue.unique_key is not null then
    if octet_length(enqueue.unique_key) not between 1 and 200
      or enqueue.unique_key ~ '[[:cntrl:]]'
    then
      raise exception 'a unique key is 1 to 200 bytes without control characters';
    end if;
    foreach state in array coalesce(enqueue.unique_while, '{}') loop
      if state is null or state <> all (enum_range(null::job_engine.state)::text[]) then
        raise exception 'a job is never in the state %; see the type job_engine.state', state;
      end if;
    end loop;
    if enqueue.unique_within is null and coalesce(cardinality(enqueue.unique_while), 0) = 0 then
      raise exception 'a unique key is held in some state or for some time; give unique_within';
    end if;
    holder := job_engine.take_key(
      enqueue.kind, enqueue.unique_key, id, coalesce(enqueue.unique_while, '{}'),
      (extract(epoch from enqueue.unique_within) * 1000000)::bigint,
      case when enqueue.unique_replaces then 'Replaced by a newer job under the same key' end
    );
    if holder is not null then
      return holder;
    end if;
  end if;
  if enqueue.batch is not null then
    perform job_engine.join_batch(enqueue.batch, 1);
  end if;
  if enqueue.due_at is null and enqueue.continues is null then
    insert into job_engine.ready
      (id, kind, queue, priority, arguments, created_at, enqueued_at, tenant, tags, version, batch,
       awaited, limit_key)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       enqueue.tenant, nullif(enqueue.tags, '{}'), nullif(enqueue.version, 1), enqueue.batch,
       nullif(enqueue.batch is not null, false), enqueue.limit_key);
  else
    insert into job_engine.waiting
      (id, kind, queue, priority, arguments, created_at, changed_at, due_at, tenant, tags, version,
       batch, awaited, continue_on, release_at, reason, limit_key)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       case when enqueue.continues is null then enqueue.due_at else 'infinity' end,
       enqueue.tenant, nullif(enqueue.tags, '{}'), nullif(enqueue.version, 1), enqueue.batch,
       nullif(enqueue.batch is not null, false),
       case when enqueue.continues is not null then enqueue.continue_on end,
       case when enqueue.continues is not null then enqueue.due_at end,
       case when enqueue.continues is not null then 'Waits for others' end, enqueue.limit_key);
  end if;
  for parent in select distinct unnest(enqueue.continues) order by 1 loop
    perform job_engine.await_parent(id, parent);
  end loop;
  return id;
end $$;
