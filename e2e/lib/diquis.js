import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artefact } from './artefacts.js';
import { until, within } from './until.js';

export const admin = { email: 'ada@diquis.test', password: 'round as the stones of Diquis' };

/** Starts the executable with a data directory of its own; the end of the test stops and removes it. */
export async function startDiquis(t, database, settings = {}) {
  const diquis = await prepareDiquis(t, database, settings);
  await diquis.start();
  return diquis;
}

/** The same, not started yet. */
export async function prepareDiquis(t, database, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'diquis-e2e-'));
  const diquis = new Diquis(t.name, folder, await freePort(), {
    ...database.settings,
    ...settings,
  });
  t.ifItFails(() => t.diagnostic(`the last lines of the process:\n${diquis.lastLines()}`));
  t.after(async () => {
    await diquis.kill();
    await rm(folder, { recursive: true, force: true });
  });
  return diquis;
}

/** Another process beside one that exists: the same database; a port and a data directory of its own. */
export function startBeside(t, first, settings = {}) {
  return startDiquis(t, { settings: first.settings }, settings);
}

/** A process that only works off jobs, beside one that answers requests. */
export async function startWorkerBeside(t, first, settings = {}) {
  const diquis = await prepareDiquis(t, { settings: first.settings }, settings);
  diquis.launch('work');
  return diquis;
}

class Diquis {
  constructor(name, folder, port, settings) {
    this.folder = folder;
    this.dataDir = join(folder, 'data');
    this.url = `http://127.0.0.1:${port}`;
    this.settings = settings;
    this.output = '';
    this.log = logFile(name);
  }

  async start() {
    this.launch('serve');
    await within(60, 'the first answer', Promise.race([this.#answers(), this.#endsEarly()]));
  }

  launch(...words) {
    this.process = spawn(process.env.DIQUIS_BIN, words, {
      cwd: this.folder,
      env: this.#environment(),
    });
    this.hasEnded = false;
    this.ended = once(this.process, 'close').then(([code, signal]) => {
      this.hasEnded = true;
      return { code, signal };
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this.log.write(text);
      });
    }
  }

  lastLines() {
    return this.output.split('\n').slice(-40).join('\n');
  }

  /** Another command of the executable, beside this process: whether it did it, and what it said. */
  run(...words) {
    const options = { cwd: this.folder, env: this.#environment(), timeout: 30_000 };
    return new Promise((resolve) => {
      execFile(process.env.DIQUIS_BIN, words, options, (error, stdout, stderr) =>
        resolve({ isDone: !error, said: stdout + stderr }),
      );
    });
  }

  /** SIGTERM; resolves to how the process ended. */
  stop() {
    this.process.kill('SIGTERM');
    return within(30, 'the end of the process', this.ended);
  }

  /** SIGKILL. */
  async kill() {
    if (!this.process) return;
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async #answers() {
    const isReady = async () => {
      if (this.hasEnded) return true;
      const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(5000) });
      return answer.ok;
    };
    await until('the server is ready', isReady, 60);
  }

  async #endsEarly() {
    const { code, signal } = await this.ended;
    throw new Error(`the executable ended (${signal ?? code}):\n${this.output.slice(-4000)}`);
  }

  #environment() {
    return {
      PATH: process.env.PATH,
      DIQUIS_LISTEN: new URL(this.url).host,
      DIQUIS_PUBLIC_URL: this.url,
      DIQUIS_DATA_DIR: this.dataDir,
      DIQUIS_ADMIN_EMAIL: admin.email,
      DIQUIS_ADMIN_PASSWORD: admin.password,
      ...this.settings,
    };
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function logFile(name) {
  const path = artefact('logs', `${name}.log`);
  return createWriteStream(path);
}
