-- Of what was drawn and marked.
insert into job_engine_jobs
  (id, state, epoch, attempts, stages, priority, kind, queue, tenant, tags, batch, created_at,
   changed_at, enqueued_at, claimed_at, ended_at, server, duration, reason, error, error_group,
   arguments, low_marks, high_marks)
select id, case when i % 8 = 0 then 'Failed' when i % 100 = 7 then 'Deleted' else 'Succeeded' end,
  1, iif(i % 8 = 0, 3, 1), iif(i % 8 = 0, 2, 0), 0, kind, queue, tenant, tags,
  iif(i % 8 = 1, unhex(printf('%012x', i / 800 * 86400000) || '7000a000000000000000'), null),
  at, at + 2000000, at, at + 1000000, at + 2000000, randomblob(16), duration,
  iif(i % 100 = 7, 'Not needed any more', null),
  iif(i % 8 = 0, json_object(
    'details', 'connection to host ' || iif(i % 100000 = 88, 'unheard-of', host) || ' timed out'
      || replace(printf('%.*c', 6, '*'), '*', char(10) || 'caused by: a socket that nobody reads any more'),
    'kind', 'std::io::Error',
    'message', 'connection to host ' || host || ' timed out'), null),
  iif(i % 8 = 0, printf('%016x', host), null), arguments, low_marks, high_marks
from drawn join marked using (i)
where i <= $1 * 8 / 10;

insert into job_engine_history
  (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server, error)
select job.id, value, value + 1, enqueued_at, claimed_at, changed_at, changed_at, duration, 'Scheduled',
  server, error
from job_engine_jobs as job cross join json_each('[0, 1]')
where state = 'Failed';

update job_engine_totals
set jobs = (select count(*) from job_engine_jobs where job_engine_jobs.state = job_engine_totals.state);

insert into job_engine_throughput (resolution, at, state, jobs)
select resolution.key, ended_at / resolution.value * resolution.value, state, count(*)
from job_engine_jobs
cross join json_each('{"minute":60000000,"hour":3600000000,"day":86400000000}') as resolution
where ended_at is not null
group by 1, 2, 3;

insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
select kind, error_group, count(*), count(*), min(ended_at), max(ended_at), max(error)
from job_engine_jobs
where state = 'Failed'
group by 1, 2;

insert into job_engine_jobs
  (id, state, priority, kind, queue, tenant, tags, created_at, changed_at, enqueued_at, arguments,
   low_marks, high_marks)
select id, 'Enqueued', iif(i % 50 = 0, 10, 0), kind, queue, tenant, tags, at, at, at, arguments, low_marks,
  high_marks
from drawn join marked using (i)
where i > $1 * 8 / 10 and i <= $1 * 95 / 100;

insert into job_engine_jobs
  (id, state, attempts, stages, priority, kind, queue, tenant, tags, created_at, changed_at, due_at,
   reason, error, arguments, low_marks, high_marks, continue_on)
select id, iif(i % 10 = 0, 'Awaiting', 'Scheduled'), iif(i % 10 = 1, 2, 0), iif(i % 10 = 1, 2, 0), 0,
  kind, queue, tenant, tags, at, at,
  iif(i % 10 = 0, null, unixepoch() * 1000000 + 86400000000 + i * 1000000),
  iif(i % 10 = 0, 'Waits for others', null),
  iif(i % 10 = 1, json_object('details', 'host ' || host || ' is busy', 'group',
    printf('%016x', host + 100), 'kind', 'error', 'message', 'host ' || host || ' is busy'), null),
  arguments, low_marks, high_marks, iif(i % 10 = 0, 'Success', null)
from drawn join marked using (i)
where i > $1 * 95 / 100;

insert into job_engine_batches (id, created_at, jobs, succeeded, failed, deleted, ended_at)
select batch, min(created_at), count(*), sum(state = 'Succeeded'), sum(state = 'Failed'),
  sum(state = 'Deleted'), max(ended_at)
from job_engine_jobs
where batch is not null
group by batch;

insert into job_engine_servers (id, name, queues, kinds, workers, started_at, heartbeat_at)
select randomblob(16), 'web-' || value || ':4711', '["default","mail","reports","imports","rare"]',
  (select json_group_array(distinct kind) from drawn), 20, (unixepoch() - 86400) * 1000000,
  (unixepoch() + 3600) * 1000000
from json_each('[1, 2, 3, 4]');

update job_engine_jobs
set state = 'Processing', server = (select min(id) from job_engine_servers), epoch = 1,
  claimed_at = unixepoch() * 1000000, changed_at = unixepoch() * 1000000
where id in (select id from job_engine_jobs where state = 'Enqueued' order by id limit 80);

drop table drawn;
drop table marked;
