// How fast Diquis answers while it provisions, how soon the toast is there, how fast it starts, and
// how much memory it takes: `make bench`.

import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { signIn, visitor } from '../e2e/lib/api.js';
import { closeBrowser, openBrowser, person, signInThere, toast } from '../e2e/lib/browser.js';
import { postgres, sqlite } from '../e2e/lib/databases.js';
import { prepareDiquis, startDiquis } from '../e2e/lib/diquis.js';
import { openScope } from '../e2e/lib/story.js';
import { within } from '../e2e/lib/until.js';

const rounds = 20;
const beingProvisioned = 20;
const asked = 10;

const bars = {
  'first start, ms': 300,
  'later start, ms': 300,
  'idle memory, MiB': 40,
  'POST /api/tenants, p50 ms': null,
  'POST /api/tenants, p99 ms': 50,
  'POST /api/sign-up, p50 ms': null,
  'POST /api/sign-up, p99 ms': 50,
  'toast after the commit, p50 ms': null,
  'toast after the commit, max ms': 250,
  'tenants provisioned a second': null,
};

const manySignUps = { DIQUIS_SIGN_UP_LIMIT: '100000/hour', DIQUIS_LOG: 'warn' };

async function main() {
  const results = {};
  for (const open of [sqlite, postgres]) {
    const scope = openScope('benchmark');
    try {
      const database = await open(scope);
      results[database.engine] = {};
      // Toasts before the many tenants, whose notifications this person would be told first.
      for (const measure of [measureStart, measureToasts, measureAnswers]) {
        const measured = await measure(scope, database);
        console.error(database.engine, measured);
        Object.assign(results[database.engine], measured);
      }
    } finally {
      await scope.close();
    }
  }
  print(results);
  process.exitCode = missedBars(results).length ? 1 : 0;
}

async function measureStart(scope, database) {
  const diquis = await prepareDiquis(scope, database);
  const first = await timeToAnswer(diquis);
  await diquis.stop();
  const later = await timeToAnswer(diquis);
  // Long enough for what a start allocates to be given back, and for the first heartbeats.
  await pause(5000);
  const memory = await residentMebibytes(diquis.process.pid);
  await diquis.stop();
  return { 'first start, ms': first, 'later start, ms': later, 'idle memory, MiB': memory };
}

async function timeToAnswer(diquis) {
  const start = performance.now();
  diquis.launch('serve');
  while (!(await answers(diquis.url))) {
    if (performance.now() - start > 30_000) throw new Error(`no answer:\n${diquis.output}`);
    await pause(1);
  }
  return performance.now() - start;
}

async function answers(url) {
  return fetch(`${url}/health/ready`).then(
    (response) => response.ok,
    () => false,
  );
}

async function residentMebibytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+) kB/)[1]) / 1024;
}

// In each round twenty tenants are ordered at once; while they are made, one person after the other
// creates a tenant and signs up.
async function measureAnswers(scope, database) {
  const diquis = await startDiquis(scope, database, manySignUps);
  const ada = await signIn(diquis.url);
  const someone = visitor(diquis.url);
  const create = [];
  const signUp = [];
  let provisioned = 0;
  let seconds = 0;

  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await Promise.all(
      Array.from({ length: beingProvisioned }, (_, i) => ada.createTenant(`Load ${round} ${i}`)),
    );
    for (let i = 0; i < asked; i++) {
      const name = `Measured ${round} ${i}`;
      create.push(
        await timed(() => ada.post('/api/tenants', { name, adminEmail: 'owner@example.test' })),
      );
      const email = `owner-${round}-${i}@example.test`;
      signUp.push(
        await timed(() => someone.post('/api/sign-up', { organization: `New ${name}`, email })),
      );
    }
    await allActive(ada);
    seconds += (performance.now() - start) / 1000;
    provisioned += beingProvisioned + 2 * asked;
  }
  await diquis.stop();

  return {
    'POST /api/tenants, p50 ms': percentile(create, 50),
    'POST /api/tenants, p99 ms': percentile(create, 99),
    'POST /api/sign-up, p50 ms': percentile(signUp, 50),
    'POST /api/sign-up, p99 ms': percentile(signUp, 99),
    'tenants provisioned a second': provisioned / seconds,
  };
}

async function timed(ask) {
  const start = performance.now();
  const { status, body } = await ask();
  if (status !== 202) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return performance.now() - start;
}

async function allActive(ada) {
  const unfinished = async (status) =>
    (await ada.get(`/api/tenants?status=${status}&pageSize=1`)).body.total;
  const deadline = Date.now() + 120_000;
  while ((await unfinished('Pending')) + (await unfinished('Provisioning')) > 0) {
    if (Date.now() > deadline) throw new Error('the tenants are not made in two minutes');
    await pause(100);
  }
}

async function measureToasts(scope, database) {
  const diquis = await startDiquis(scope, database);
  const { page } = await person(scope, { url: diquis.url });
  await signInThere(page);
  const ada = await signIn(diquis.url);

  const delays = [];
  for (let i = 0; i < beingProvisioned; i++) {
    const name = `Toasted ${i}`;
    const shown = page.evaluate(whenShown, `Tenant ${name} has been successfully provisioned.`);
    const { id } = await ada.createTenant(name);
    const at = await within(10, 'the toast', shown);
    delays.push(at - Date.parse((await ada.activeTenant(id)).activatedAt));
    // More than three toasts wait for each other.
    await toast(page, name).getByRole('button', { name: 'Dismiss message' }).click();
  }
  await diquis.stop();

  return {
    'toast after the commit, p50 ms': percentile(delays, 50),
    'toast after the commit, max ms': Math.max(...delays),
  };
}

// Runs in the page.
function whenShown(text) {
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.body.textContent.includes(text)) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(Date.now()));
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

function percentile(numbers, percent) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)];
}

function print(results) {
  const engines = Object.keys(results);
  console.log(`\n| | ${engines.join(' | ')} | bar |\n|---|${'---|'.repeat(engines.length + 1)}`);
  for (const [measure, bar] of Object.entries(bars)) {
    const cells = engines.map((engine) => results[engine][measure].toFixed(1));
    console.log(`| ${measure} | ${cells.join(' | ')} | ${bar ? `< ${bar}` : ''} |`);
  }
  for (const missed of missedBars(results)) console.log(`missed: ${missed}`);
}

function missedBars(results) {
  return Object.entries(results).flatMap(([engine, measures]) =>
    Object.entries(measures)
      .filter(([measure, value]) => bars[measure] !== null && value >= bars[measure])
      .map(([measure]) => `${measure} on ${engine}`),
  );
}

await openBrowser();
await main().finally(closeBrowser);
