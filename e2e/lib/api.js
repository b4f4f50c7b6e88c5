import { admin } from './diquis.js';
import { listen } from './ears.js';
import { until } from './until.js';

/** How long an answer may take, in milliseconds. */
const patience = 20_000;

/** Someone without a session. */
export function visitor(url) {
  return new Caller(url, {});
}

/** Someone signed in, as a script would do it. */
export async function signIn(url, who = admin) {
  const answer = await visitor(url).post('/api/sessions', {
    email: who.email,
    password: who.password,
  });
  if (answer.status !== 200)
    throw new Error(`sign-in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return new Caller(url, { session: answer.body, cookies: answer.cookies });
}

class Caller {
  constructor(url, { session, cookies = [] }) {
    this.url = url;
    this.session = session;
    this.cookies = cookies;
  }

  /** The same person, with the same session, at another process. */
  at(url) {
    return new Caller(url, { session: this.session, cookies: this.cookies });
  }

  get(path) {
    return this.send('GET', path);
  }

  post(path, body, headers) {
    return this.send('POST', path, { body, headers });
  }

  /** `signal`: when the caller goes away. */
  async send(method, path, { body, headers = {}, signal = AbortSignal.timeout(patience) } = {}) {
    if (this.session) headers = { authorization: `Bearer ${this.session.accessToken}`, ...headers };
    if (body !== undefined) headers = { 'content-type': 'application/json', ...headers };
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
    return answerOf(response);
  }

  /** The pages of the dashboard know their reader by a cookie. */
  async sendWithCookies(method, path, options) {
    return answerOf(await this.#askWithCookies(method, path, options));
  }

  /** The status of an answer that has no end. */
  async statusOfStream(path) {
    const headers = { accept: 'text/event-stream' };
    const response = await this.#askWithCookies('GET', path, { headers });
    await response.body.cancel();
    return response.status;
  }

  #askWithCookies(
    method,
    path,
    { form, headers = {}, signal = AbortSignal.timeout(patience) } = {},
  ) {
    return fetch(this.url + path, {
      method,
      headers: {
        accept: 'text/html',
        cookie: this.cookies.join('; '),
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body: form && new URLSearchParams(form),
      redirect: 'manual',
      signal,
    });
  }

  async createTenant(name, adminEmail = 'owner@example.test') {
    const answer = await this.post('/api/tenants', { name, adminEmail });
    if (answer.status !== 202) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async tenant(id) {
    return (await this.get(`/api/tenants/${id}`)).body;
  }

  /** Waits until the tenant is as described; resolves to it. */
  async tenantThat(description, id, is, seconds = 30) {
    let seen;
    const look = async () => {
      seen = await this.tenant(id);
      return is(seen) && seen;
    };
    try {
      return await until(`the tenant ${description}`, look, seconds);
    } catch (error) {
      throw new Error(`${error.message}; last seen: ${JSON.stringify(seen)}`, { cause: error });
    }
  }

  activeTenant(id, seconds) {
    return this.tenantThat('is active', id, (tenant) => tenant.status === 'Active', seconds);
  }

  /** What the hub tells this person from now on. */
  listen(t) {
    return listen(t, this.url, this.session.accessToken);
  }
}

async function answerOf(response) {
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    cookies: response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]),
    body: isJson && text ? JSON.parse(text) : text,
  };
}
