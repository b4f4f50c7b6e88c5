// A batch of jobs, and a job that runs after it, as the engine leaves them when somebody enqueues them
// together: all of a tenant that exists, so that there is nothing left to be done.
export const batch = '0197c3f0-0000-7000-8000-0000000000ba';

export const inPostgres = (many, tenant) => `
select job_engine.enqueue('provision_tenant', '{"tenant":"${tenant}"}', batch => '${batch}')
from generate_series(1, ${many});
select job_engine.enqueue('provision_tenant', '{"tenant":"${tenant}"}', tags => array['last'],
  continues => array['${batch}']::uuid[])`;

const blob = `x'${batch.replaceAll('-', '')}'`;
const columns = 'id, created_at, changed_at, kind, queue, priority, epoch, attempts, arguments';
const values = (tenant) =>
  `at, at, 'provision_tenant', 'default', 0, 0, 0, '{"tenant":"${tenant}"}'`;

export const inSqlite = (many, tenant) => `
begin immediate;
create temp table moment as select cast(strftime('%s', 'now') as integer) * 1000000 as at;
insert into job_engine_batches (id, created_at, jobs) select ${blob}, at, ${many} from moment;
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${many})
insert into job_engine_jobs (${columns}, state, enqueued_at, batch, awaited)
select cast(printf('%016d', i) as blob), ${values(tenant)}, 'Enqueued', at, ${blob}, 1
from numbers cross join moment;
insert into job_engine_jobs (${columns}, state, awaited, continue_on, reason, tags)
select cast(printf('%016d', 0) as blob), ${values(tenant)}, 'Awaiting', 0, 'Success',
  'Waits for others', '["last"]' from moment;
insert into job_engine_parents (parent, child) values (${blob}, cast(printf('%016d', 0) as blob));
commit`;
