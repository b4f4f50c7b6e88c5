-- Jobs that wait to be run, newest first. A claim does not touch it.
create index ready_newest on job_engine.ready (enqueued_at);

-- With what a job's end continues it, so that jobs which wait for a time are told from those which wait
-- for others without reading their state.
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
  null::text as continue_on
from job_engine.ready
union all
select
  'waiting', id, kind, queue, priority, tenant, tags, version, batch,
  (case when continue_on is null then 'Scheduled' else 'Awaiting' end)::text::job_engine.state,
  reason, attempts, abandoned, arguments, created_at, changed_at, nullif(due_at, 'infinity'), null,
  error, null, null, stages, null, null, null, null, continue_on
from job_engine.waiting
union all
select
  'finished', id, kind, queue, priority, tenant, tags, version, batch, state, reason, attempts,
  abandoned, arguments, created_at, changed_at, null, null, error, duration, result, stages,
  enqueued_at, enqueue_reason, claimed_at, server, null
from job_engine.finished;
