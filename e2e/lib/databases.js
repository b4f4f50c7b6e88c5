import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** Tells the same story on SQLite and on PostgreSQL. */
export function onEachDatabase(title, story, options = {}) {
  test(`${title}, on SQLite`, options, (t) => story(t, sqlite()));
  test(`${title}, on PostgreSQL`, options, async (t) => story(t, await postgres(t)));
}

/** Nothing to install: the catalogue and the tenants are files in the data directory. */
export function sqlite() {
  return { engine: 'SQLite', settings: {} };
}

/** A database of its own in the cluster of the tests, owned by a role that may create databases. */
export async function postgres(t, { mayCreateDatabases = true } = {}) {
  const address = process.env.DIQUIS_TEST_POSTGRES_URL;
  if (!address)
    throw new Error('DIQUIS_TEST_POSTGRES_URL is not set: run this with scripts/with-postgres');

  const name = `e2e_${randomBytes(6).toString('hex')}`;
  const cluster = await connect(address);
  await cluster.query(
    `create role ${name} login ${mayCreateDatabases ? 'createdb' : 'nocreatedb'}`,
  );
  await cluster.query(`create database ${name} owner ${name}`);
  t.after(async () => {
    await dropDatabasesOf(cluster, name);
    await cluster.end();
  });

  const url = new URL(address);
  url.username = name;
  url.pathname = `/${name}`;
  return {
    engine: 'PostgreSQL',
    settings: { DIQUIS_DATABASE_URL: url.href },
    cluster,
    role: name,
  };
}

async function connect(address) {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  return client;
}

async function dropDatabasesOf(cluster, role) {
  const { rows } = await cluster.query(
    'select datname from pg_database where datdba = $1::regrole',
    [role],
  );
  for (const { datname } of rows) await cluster.query(`drop database "${datname}" with (force)`);
  await cluster.query(`drop role ${role}`);
}
