import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import * as batches from './batches.js';
import { inPostgres, inSqlite, unreachable } from './failed-jobs.js';
import * as jobs from './jobs.js';
import { story } from './story.js';
import { until } from './until.js';

const run = promisify(execFile);

/** Tells the same story on SQLite and on PostgreSQL. */
export function onEachDatabase(title, tell, seconds) {
  story(`${title}, on SQLite`, (t) => tell(t, sqlite()), seconds);
  story(`${title}, on PostgreSQL`, async (t) => tell(t, await postgres(t)), seconds);
}

/** Describes the same on SQLite and on PostgreSQL; `tell` gets what opens the database in a scope. */
export function describeOnEachDatabase(title, tell) {
  describe(`${title}, on SQLite`, () => tell(sqlite));
  describe(`${title}, on PostgreSQL`, () => tell(postgres));
}

/** Nothing to install: the catalogue and the tenants are files in the data directory. */
export function sqlite() {
  return new Sqlite();
}

/** A database of its own in the cluster of the tests, and a role that may do what production needs. */
export async function postgres(t) {
  const address = process.env.DIQUIS_TEST_POSTGRES_URL;
  if (!address) throw new Error('no DIQUIS_TEST_POSTGRES_URL: run this with scripts/with-postgres');

  const role = `e2e_${randomBytes(6).toString('hex')}`;
  const cluster = await connect(address);
  await cluster.query(`create role ${role} login createdb`);
  await cluster.query(`create database ${role} owner ${role}`);
  t.after(() => cluster.end());
  t.after(() => dropDatabasesOf(cluster, role));
  return new Postgres(address, cluster, role);
}

class Sqlite {
  engine = 'SQLite';
  settings = {};

  /** Puts a file where the folder of the tenants belongs; the returned function puts all right. */
  async breakProvisioning(diquis) {
    const tenants = join(diquis.dataDir, 'tenants');
    const aside = join(diquis.dataDir, 'tenants-aside');
    await mkdir(tenants, { recursive: true });
    await rename(tenants, aside);
    await writeFile(tenants, 'in the way');
    return async () => {
      await rm(tenants);
      await rename(aside, tenants);
    };
  }

  /** The e-mail addresses of the owners, a list for each tenant database. */
  async ownersByTenantDatabase(diquis) {
    const folder = join(diquis.dataDir, 'tenants');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.db'));
    return Promise.all(files.map((file) => sqliteOwners(join(folder, file))));
  }

  /** A statement in the catalogue. */
  execute(diquis, statement) {
    return runSqlite(join(diquis.dataDir, 'diquis.db'), statement);
  }

  /** So many jobs of a tenant that exists have failed, with the same message. */
  failJobs(diquis, many, tenant, message = unreachable) {
    return this.execute(diquis, inSqlite(many, tenant, message));
  }

  /** So many jobs of a tenant that exists, as a batch, and one that runs after it. */
  addBatch(diquis, many, tenant) {
    return this.execute(diquis, batches.inSqlite(many, tenant));
  }

  /** One job of a tenant that exists; resolves to its id. */
  async addJob(diquis, tenant, job = {}) {
    const [id] = await this.execute(diquis, jobs.inSqlite(tenant, job));
    return id;
  }

  /** As if the job had been enqueued so many days earlier. */
  backdate(diquis, id, days) {
    return this.execute(diquis, jobs.olderInSqlite(id, days));
  }

  async countJobs(diquis) {
    const counted = 'select state, count(*) from job_engine_jobs group by state';
    const rows = await this.execute(diquis, counted);
    return Object.fromEntries(rows.map((row) => row.split('|')).map(([s, n]) => [s, Number(n)]));
  }
}

class Postgres {
  engine = 'PostgreSQL';

  constructor(address, cluster, role) {
    this.address = address;
    this.cluster = cluster;
    this.role = role;
    this.settings = { DIQUIS_DATABASE_URL: this.#url(role) };
  }

  /** Takes CREATEDB away from the role; the returned function gives it back. */
  async breakProvisioning() {
    await this.cluster.query(`alter role ${this.role} nocreatedb`);
    return () => this.cluster.query(`alter role ${this.role} createdb`);
  }

  /** Lets each CREATE DATABASE wait until the returned function is called. */
  async holdUpCreatingDatabases() {
    const blocker = await connect(this.address);
    await blocker.query('begin');
    await blocker.query('lock table pg_database in share mode');
    return async () => {
      await blocker.query('commit');
      await blocker.end();
    };
  }

  async ownersByTenantDatabase() {
    const names = await databasesOf(this.cluster, this.role);
    const tenants = names.filter((name) => name.startsWith('t_'));
    return Promise.all(tenants.map((name) => postgresOwners(this.#url(name))));
  }

  async tenantStatuses() {
    const rows = await runPostgres(this.#url(this.role), 'select status from tenants');
    return rows.map(({ status }) => status);
  }

  /** A statement in the catalogue. */
  execute(_diquis, statement) {
    return runPostgres(this.#url(this.role), statement);
  }

  /** So many jobs of a tenant that exists have failed, with the same message. */
  failJobs(diquis, many, tenant, message = unreachable) {
    return this.execute(diquis, inPostgres(many, tenant, message));
  }

  /** So many jobs of a tenant that exists, as a batch, and one that runs after it. */
  addBatch(diquis, many, tenant) {
    return this.execute(diquis, batches.inPostgres(many, tenant));
  }

  /** One job of a tenant that exists; resolves to its id. */
  async addJob(diquis, tenant, job = {}) {
    const [{ id }] = await this.execute(diquis, jobs.inPostgres(tenant, job));
    return id;
  }

  /** As if the job, which waits in its queue, had been enqueued so many days earlier. */
  backdate(diquis, id, days) {
    return this.execute(diquis, jobs.olderInPostgres(id, days));
  }

  async countJobs(diquis) {
    const counted = 'select state, count(*) from job_engine.jobs group by state';
    const rows = await this.execute(diquis, counted);
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
  }

  #url(database) {
    const url = new URL(this.address);
    url.username = this.role;
    url.pathname = `/${database}`;
    return url.href;
  }
}

const selectOwners = "select email from members where role = 'Owner'";

function sqliteOwners(file) {
  return runSqlite(file, selectOwners);
}

async function postgresOwners(url) {
  const rows = await runPostgres(url, selectOwners);
  return rows.map(({ email }) => email);
}

/** Resolves to the lines of the answer. */
async function runSqlite(file, statement) {
  const { stdout } = await run('sqlite3', ['-noheader', '-cmd', '.timeout 5000', file, statement]);
  return stdout.split('\n').filter(Boolean);
}

async function runPostgres(url, statement) {
  const client = await connect(url);
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function connect(address) {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  return client;
}

async function databasesOf(cluster, role) {
  const { rows } = await cluster.query(
    'select datname from pg_database where datdba = $1::regrole',
    [role],
  );
  return rows.map(({ datname }) => datname);
}

async function dropDatabasesOf(cluster, role) {
  // A server goes on with the database that a process was creating when it was killed.
  await until('the sessions of the role have ended', async () => {
    const { rowCount } = await cluster.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1',
      [role],
    );
    return rowCount === 0;
  });
  for (const name of await databasesOf(cluster, role)) {
    await cluster.query(`drop database "${name}" with (force)`);
  }
  await cluster.query(`drop role ${role}`);
}
