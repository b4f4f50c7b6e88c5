import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { randomFrom } from '../lib/random.js';
import { until } from '../lib/until.js';

onEachDatabase('who goes away in the middle of anything holds up nobody', async (t, database) => {
  const diquis = await startDiquis(t, database, { DIQUIS_SIGN_UP_LIMIT: 'off' });
  const script = await signIn(diquis.url);
  const tenants = [];
  for (let i = 0; i < 10; i += 1) tenants.push(await script.createTenant(`Busy Lagoon ${i}`));
  const crowd = new Crowd(script, tenants, randomFrom(t));

  await crowd.ask(1000, 20);

  assert.deepEqual(crowd.failures, [], 'who waited was answered');
  await until('every tenant is active', async () => {
    const { body } = await script.get('/api/tenants?status=Active&limit=1');
    const { body: all } = await script.get('/api/tenants?limit=1');
    return body.total === all.total;
  });
});

/** People who ask this and that; more than half do not wait for the answer. */
class Crowd {
  failures = [];

  constructor(script, tenants, random) {
    this.script = script;
    this.tenants = tenants;
    this.random = random;
  }

  ask(requests, atOnce) {
    let left = requests;
    const askOn = async () => {
      while (left-- > 0) await this.#askSomething();
    };
    return Promise.all(Array.from({ length: atOnce }, askOn));
  }

  async #askSomething() {
    const { random } = this;
    const stays = random.between(1, 10) <= 4;
    const signal = AbortSignal.timeout(stays ? 20_000 : random.between(0, 40));
    const [what, asked] = this.#anything(signal);
    try {
      const { status } = await asked;
      if (status >= 500) this.failures.push(`${what}: ${status}`);
    } catch (error) {
      if (stays || error.name !== 'TimeoutError') this.failures.push(`${what}: ${error}`);
    }
  }

  #anything(signal) {
    const { script, tenants, random } = this;
    const { id, jobId } = tenants[random.between(0, tenants.length - 1)];
    const page = (path) => [path, script.sendWithCookies('GET', path, { signal })];
    const get = (path) => [path, script.send('GET', path, { signal })];
    const post = (path, body) => [path, script.send('POST', path, { body, signal })];
    const name = `lagoon-${random.between(0, 2 ** 31)}`;
    if (random.between(1, 50) === 1)
      return post('/api/sign-up', { organization: name, email: `${name}@example.test` });
    const kinds = [
      () => page('/hangfire'),
      () => page('/hangfire/jobs/all'),
      () => page(`/hangfire/jobs/details/${jobId}`),
      () => get('/api/tenants'),
      () => get(`/api/tenants/${id}`),
      () => get('/api/notifications'),
      () => get('/api/jobs'),
      () => post('/api/notifications/read-all'),
      () => post(`/api/jobs/${jobId}/requeue`),
    ];
    return kinds[random.between(0, kinds.length - 1)]();
  }
}
