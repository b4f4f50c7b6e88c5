-- A version 7 UUID: ids sort by the time of their making.
create function job_engine.new_id() returns uuid language sql volatile as $$
  select encode(
    set_bit(set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6
      ), 52, 1), 53, 1),
    'hex')::uuid
$$;

-- Enqueues a job from plain SQL, in the transaction of who calls it. Without `due_at` it runs as
-- soon as a worker polls or is woken.
create function job_engine.enqueue(
  kind text,
  arguments json,
  queue text default 'default',
  priority integer default 0,
  due_at timestamptz default null
) returns uuid language plpgsql as $$
declare
  id uuid := job_engine.new_id();
  at timestamptz := statement_timestamp();
begin
  if enqueue.due_at is null then
    insert into job_engine.ready
      (id, kind, queue, priority, arguments, created_at, enqueued_at)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at);
  else
    insert into job_engine.waiting
      (id, kind, queue, priority, arguments, created_at, changed_at, due_at)
    values
      (id, enqueue.kind, enqueue.queue, enqueue.priority, enqueue.arguments::text, at, at,
       enqueue.due_at);
  end if;
  return id;
end $$;
