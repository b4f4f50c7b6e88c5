import { randomUUID } from 'node:crypto';

// One job, as the engine leaves it when somebody enqueues it. Unless it is of another kind, it makes the
// database of a tenant that exists: run, it finds nothing left to be done. `dueIn` is in seconds,
// `after` the id of a job that has to succeed first.
const usual = { kind: 'provision_tenant', queue: 'default', tags: [] };

export const inPostgres = (tenant, job) => {
  const { kind, queue, owner, tags, limitKey, dueIn, after } = { ...usual, ...job };
  return `
select job_engine.enqueue(${text(kind)}, ${argumentsFor(tenant)}, ${text(queue)},
  due_at => now() + ${dueIn ?? null} * interval '1 s', tenant => ${text(owner)},
  tags => array[${tags.map(text)}]::text[], limit_key => ${text(limitKey)},
  continues => ${after ? `array[${text(after)}]::uuid[]` : null}) as id`;
};

export const inSqlite = (tenant, job) => {
  const { kind, queue, owner, tags, limitKey, dueIn, after } = { ...usual, ...job };
  const id = randomUUID();
  const state = stateOf(job);
  return `
begin immediate;
create temp table moment as select cast(strftime('%s', 'now') as integer) * 1000000 as at;
insert into job_engine_jobs (id, created_at, changed_at, kind, queue, priority, arguments, state,
  enqueued_at, due_at, tenant, tags, limit_key, continue_on, reason)
select ${blob(id)}, at, at, ${text(kind)}, ${text(queue)}, 0, ${argumentsFor(tenant)}, ${text(state)},
  ${state === 'Enqueued' ? 'at' : null}, at + ${dueIn ?? null} * 1000000, ${text(owner)},
  nullif(${text(JSON.stringify(tags))}, '[]'), ${text(limitKey)},
  ${after ? "'Success', 'Waits for others'" : 'null, null'} from moment;
${after ? isAwaitedBy(after, id) : ''}
commit;
select ${text(id)}`;
};

export const olderInPostgres = (id, days) => `
update job_engine.ready
set created_at = created_at - interval '${days} days', enqueued_at = enqueued_at - interval '${days} days'
where id = ${text(id)}`;

export const olderInSqlite = (id, days) => {
  const earlier = (column) => `${column} = ${column} - ${days} * 86400000000`;
  const times = ['created_at', 'changed_at', 'enqueued_at'].map(earlier);
  return `update job_engine_jobs set ${times} where id = ${blob(id)}`;
};

function isAwaitedBy(parent, child) {
  return `
update job_engine_jobs set awaited = 1 where id = ${blob(parent)};
insert into job_engine_parents (parent, child) values (${blob(parent)}, ${blob(child)});`;
}

function stateOf({ dueIn, after }) {
  if (after) return 'Awaiting';
  return dueIn ? 'Scheduled' : 'Enqueued';
}

const argumentsFor = (tenant) => text(JSON.stringify({ tenant }));

const text = (value) => (value === undefined ? 'null' : `'${value}'`);

const blob = (id) => `x'${id.replaceAll('-', '')}'`;
