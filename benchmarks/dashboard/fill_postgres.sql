-- `$1` jobs as a system has them after a week: two thirds succeeded, a tenth failed, the others wait.
-- Times rise with the number, as do ids; what else a job is, is drawn.
select setseed(0.5);

create function pg_temp.id_of(at timestamptz) returns uuid language sql as $$
  select encode(
    set_bit(set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3)
        from 1 for 6
      ), 52, 1), 53, 1),
    'hex')::uuid
$$;

create temporary table drawn as
select i, at, pg_temp.id_of(at) as id,
  case when i % 100000 = 77 then 'rare_kind' else 'kind_' || floor(20 * power(random(), 2)) end as kind,
  case when i % 50000 = 99 then 'rare' else
    (array['default', 'default', 'default', 'default', 'mail', 'mail', 'reports', 'imports'])
      [1 + floor(random() * 8)] end as queue,
  case when i % 100000 = 55 then 'rare-tenant'
    when random() < 0.7 then 'tenant-' || floor(500 * power(random(), 2)) end as tenant,
  case when i % 10 < 3 then array[
    (array['vip', 'import', 'nightly', 'trial'])[1 + floor(random() * 4)], 'order-' || i] end as tags,
  json_build_object(
    'user', json_build_object('id', i, 'name', 'user ' || i, 'email', 'user-' || i || '@example.org'),
    'template', 'welcome', 'locale', (array['de', 'en', 'fr'])[1 + floor(random() * 3)],
    'total', round((random() * 1000)::numeric, 2), 'items', json_build_array(i % 97, i % 89, i % 83)
  )::text as arguments,
  100000 + (random() * 3000000)::bigint as duration,
  i % 70 as host
from (
  select i, now() - interval '7 days' * ($1 - i) / $1 - interval '2 minutes' as at
  from generate_series(1, $1) as i
) as moments
order by i;

-- The last fifth is alive, and every eighth of the others failed.
insert into job_engine.finished
  (id, created_at, enqueued_at, claimed_at, changed_at, epoch, duration, attempts, abandoned, stages,
   state, priority, server, kind, queue, tenant, tags, batch, awaited, reason, error, arguments)
select id, at, at, at + interval '1 second', at + interval '2 seconds', 1, duration,
  case when i % 8 = 0 then 3 else 1 end, 0, case when i % 8 = 0 then 2 else 0 end,
  (case when i % 8 = 0 then 'Failed' when i % 100 = 7 then 'Deleted' else 'Succeeded' end)
    ::job_engine.state,
  0, gen_random_uuid(), kind, queue, tenant, tags,
  case when i % 8 = 1 then (lpad(to_hex(i / 800 * 86400000::bigint), 12, '0') || '7000a000000000000000')::uuid end,
  null, case when i % 100 = 7 then 'Not needed any more' end,
  case when i % 8 = 0 then format(
    '{"details":"connection to host %s timed out%s","group":"%s","kind":"std::io::Error","message":"connection to host %s timed out"}',
    case when i % 100000 = 88 then 'unheard-of' else host::text end,
    repeat('\ncaused by: a socket that nobody reads any more', 6), lpad(to_hex(host), 16, '0'), host
  ) end,
  arguments
from drawn
where i <= $1 * 8 / 10;

insert into job_engine.history
  (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server, error)
select id, stage, stage + 1, enqueued_at, claimed_at, changed_at, changed_at, duration, 'Scheduled',
  server, error
from job_engine.finished cross join generate_series(0, 1) as stage
where state = 'Failed';

-- A minute's jobs are counted together, as if they had come one by one.
insert into job_engine.tally (state, jobs, at)
select state, count(*), date_trunc('minute', changed_at) from job_engine.finished group by 1, 3;

insert into job_engine.queues (name) select distinct queue from drawn;

insert into job_engine.ready
  (id, created_at, enqueued_at, attempts, stages, priority, kind, queue, tenant, tags, arguments)
select id, at, at, 0, 0, case when i % 50 = 0 then 10 else 0 end, kind, queue, tenant, tags, arguments
from drawn
where i > $1 * 8 / 10 and i <= $1 * 95 / 100;

insert into job_engine.waiting
  (id, created_at, changed_at, due_at, attempts, stages, priority, kind, queue, tenant, tags, reason,
   error, arguments, continue_on)
select id, at, at, case when i % 10 = 0 then 'infinity' else now() + interval '1 day' + random() * interval '30 days' end,
  case when i % 10 = 1 then 2 else 0 end, case when i % 10 = 1 then 2 else 0 end, 0, kind, queue, tenant, tags,
  case when i % 10 = 0 then 'Waits for others' end,
  case when i % 10 = 1 then format(
    '{"details":"host %s is busy","group":"%s","kind":"error","message":"host %s is busy"}',
    host, lpad(to_hex(host + 100), 16, '0'), host) end,
  arguments, case when i % 10 = 0 then 'Success' end
from drawn
where i > $1 * 95 / 100;

insert into job_engine.batches (id, created_at, jobs, succeeded, failed, deleted, ended_at)
select batch, min(created_at), count(*), count(*) filter (where state = 'Succeeded'),
  count(*) filter (where state = 'Failed'), count(*) filter (where state = 'Deleted'),
  max(changed_at)
from job_engine.finished
where batch is not null
group by batch;

insert into job_engine.servers (id, name, queues, kinds, workers, started_at, heartbeat_at)
select gen_random_uuid(), 'web-' || i || ':4711', '{default,mail,reports,imports,rare}',
  (select array_agg(distinct kind) from drawn), 20, now() - interval '1 day', now() + interval '1 hour'
from generate_series(1, 4) as i;

-- Eighty of the oldest run.
update job_engine.ready r
set server = s.id, claimed_at = now(), epoch = 1
from (
  select id, row_number() over (order by id) as place from job_engine.ready order by id limit 80
) as oldest
join (select id, row_number() over () - 1 as number from job_engine.servers) as s
  on s.number = oldest.place % 4
where r.id = oldest.id;

drop table drawn;
