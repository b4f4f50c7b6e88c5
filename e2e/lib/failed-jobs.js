import { createHash } from 'node:crypto';

// Jobs that have failed, as the engine leaves them, put there in one statement: a tenant's database was
// to be made, and could not be. Those with the same message are a group of errors.
export const unreachable = 'the database could not be reached';

/** They belong to somebody of their own, so that they take turns with other jobs. */
const columns = `kind, queue, tenant, priority, epoch, attempts, state, error, arguments`;

const values = (tenant, message) => `'provision_tenant', 'default', 'a crowd', 0, 1, 1, 'Failed',
  '${JSON.stringify({ details: message, group: groupOf(message), kind: 'error', message })}',
  '{"tenant":"${tenant}"}'`;

export const inPostgres = (many, tenant, message) => `
insert into job_engine.finished
  (id, created_at, enqueued_at, claimed_at, changed_at, abandoned, stages, ${columns})
select ('${begin(message)}' || lpad(to_hex(i), 24, '0'))::uuid, now(), now(), now(), now(), 0, 0,
  ${values(tenant, message)}
from generate_series(1, ${many}) as i;
insert into job_engine.tally (state, jobs, at) values ('Failed', ${many}, null)`;

export const inSqlite = (many, tenant, message) => `
begin immediate;
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${many}),
moment (at) as (select cast(strftime('%s', 'now') as integer) * 1000000)
insert into job_engine_jobs
  (id, created_at, enqueued_at, claimed_at, changed_at, ended_at, error_group, ${columns})
select cast('${begin(message)}' || printf('%08d', i) as blob), at, at, at, at, at, '${groupOf(message)}',
  ${values(tenant, message)}
from numbers cross join moment;
update job_engine_totals set jobs = jobs + ${many} where state = 'Failed';
insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
select kind, error_group, count(*), count(*), min(ended_at), max(ended_at), max(error)
from job_engine_jobs
where state = 'Failed' and error_group = '${groupOf(message)}'
group by 1, 2;
commit`;

function groupOf(message) {
  return createHash('sha256').update(message).digest('hex').slice(0, 16);
}

/** How the ids of a group begin: two groups have no id in common. */
function begin(message) {
  return groupOf(message).slice(0, 8);
}
