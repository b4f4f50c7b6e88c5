-- Of the jobs in `drawn` the last fifth is alive, and every eighth of the others failed.
insert into job_engine.finished
  (id, created_at, enqueued_at, claimed_at, changed_at, epoch, duration, attempts, abandoned, stages,
   state, priority, server, kind, queue, tenant, tags, batch, awaited, reason, error, arguments, low_marks,
   high_marks)
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
  arguments, low_marks, high_marks
from drawn join marked using (i)
where i <= $1 * 8 / 10
order by i;

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

drop table drawn, marked;
