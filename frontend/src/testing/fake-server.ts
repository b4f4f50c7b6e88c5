import type { components } from '@/lib/schema';
import { slugFrom, slugMistake } from '@/lib/slug';
import { advanced, failed, pendingTenant, type Tenant } from './fake-tenants';

type Schemas = components['schemas'];
type User = Schemas['User'];
type Notification = Schemas['Notification'];

export const SUPER_ADMIN: User = {
  id: 'a0000000-0000-4000-8000-000000000001',
  email: 'admin@diquis.example',
  displayName: 'Super Admin',
  roles: ['SuperAdmin'],
  tenantId: null,
};
export const OWNER: User = {
  id: 'a0000000-0000-4000-8000-000000000002',
  email: 'ana@rioclaro.example',
  displayName: 'Ana Mora',
  roles: ['TenantOwner'],
  tenantId: 'b0000000-0000-4000-8000-000000000001',
};
export const PASSWORD = 'a stone sphere';

/** Answers the API from memory, for tests and for looking at pages. One browser, no worker: call `advance`. */
export class FakeServer {
  users = [SUPER_ADMIN, OWNER];
  tenants: Tenant[] = [];
  notifications: Notification[] = [];
  mails: Schemas['Mail'][] | null = [];
  home: Schemas['TenantHome'] | null = null;
  takenSlugs = new Set(['admin']);
  /** Whom the refresh cookie belongs to. */
  cookie: User | null = null;
  accessTokens = new Map<string, User>();
  requests: { method: string; path: string; headers: Headers; body: unknown }[] = [];
  /** Called with each message for the hub's clients. */
  tell: (target: string, ...args: unknown[]) => void = () => undefined;

  #replies = new Map<string, Response[]>();
  #accepted = new Map<string, Tenant>();
  #lastToken = 0;

  /** Answers the next request to `"POST /api/tenants"` with `response` instead. */
  replyOnce(route: string, response: Response): void {
    this.#replies.set(route, [...(this.#replies.get(route) ?? []), response]);
  }

  handle = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const text = await request.text();
    const body = text === '' ? null : JSON.parse(text);
    const { method, headers } = request;
    this.requests.push({ method, path: pathname, headers, body });

    const prepared = this.#replies.get(`${method} ${pathname}`)?.shift();
    if (prepared) return prepared;
    return (
      this.#publicAnswer(method, pathname, body) ??
      this.#privateAnswer(method, pathname, searchParams, headers, body)
    );
  };

  /** Lets the worker take one more step, and tells about it. */
  advance(id: string): Tenant {
    return this.#change(id, advanced);
  }

  fail(id: string, error: string, nextAttemptAt: string | null): Tenant {
    return this.#change(id, (tenant) => failed(tenant, error, nextAttemptAt));
  }

  notify(
    type: Notification['type'],
    kind: Notification['details']['kind'],
    tenant: Tenant,
    message: string,
  ): Notification {
    const createdAt = new Date().toISOString();
    const id = crypto.randomUUID();
    const details = { id, tenantId: tenant.id, createdAt, kind };
    const notification = { id, type, message, details, createdAt, readAt: null };
    this.notifications.unshift(notification);
    this.tell('ReceiveNotification', type, message, details);
    return notification;
  }

  #change(id: string, step: (tenant: Tenant) => Tenant): Tenant {
    const place = this.tenants.findIndex((tenant) => tenant.id === id);
    const tenant = this.tenants[place];
    if (!tenant) throw new Error(`no tenant ${id}`);
    const changed = step(tenant);
    this.tenants[place] = changed;
    this.tell('TenantChanged', { id, version: changed.version, status: changed.status });
    return changed;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a fake trusts what it is sent
  #publicAnswer(method: string, path: string, body: any): Response | null {
    const slug = path.match(/^\/api\/slugs\/(.+)$/)?.[1];
    if (slug) return json({ slug, available: !this.#isTaken(slug) });

    switch (`${method} ${path}`) {
      case 'POST /api/sessions': {
        const user = this.users.find(({ email }) => email === body.email);
        if (!user || body.password !== PASSWORD) return problem(401, 'E-mail or password is wrong');
        return this.#session(user);
      }
      case 'POST /api/sessions/refresh':
        return this.cookie ? this.#session(this.cookie) : problem(401, 'Not signed in');
      case 'DELETE /api/sessions/current':
        this.cookie = null;
        return empty();
      case 'POST /api/sign-up':
        if (this.#isTaken(body.slug)) return taken(body.slug);
        this.#add(body.organization, body.slug, body.email, 'SignUp');
        return json(
          { message: 'Thanks for signing up! Check your email shortly for your login details.' },
          202,
        );
      case 'POST /api/passwords':
        if (body.token !== 'good') {
          return problem(400, 'The link cannot be used', {
            token: ['This link was used already or has expired. Ask for another one.'],
          });
        }
        return empty();
      default:
        return null;
    }
  }

  #privateAnswer(
    method: string,
    path: string,
    query: URLSearchParams,
    headers: Headers,
    // biome-ignore lint/suspicious/noExplicitAny: a fake trusts what it is sent
    body: any,
  ): Response {
    const user = this.accessTokens.get(headers.get('Authorization')?.slice('Bearer '.length) ?? '');
    if (!user) return problem(401, 'Not signed in');

    const [, , kind, id, action] = path.split('/');
    switch (`${method} ${kind}`) {
      case 'GET me':
        return json(user);
      case 'GET tenant':
        return this.home ? json(this.home) : problem(404, 'Not found');
      case 'GET tenants':
        return id ? this.#tenant(id) : this.#list(query);
      case 'POST tenants':
        return action === 'retry' ? this.#retry(id ?? '') : this.#create(body, headers);
      case 'GET notifications':
        return json({
          items: this.notifications,
          unreadCount: this.notifications.filter((item) => item.readAt === null).length,
          nextCursor: null,
        });
      case 'POST notifications':
        this.#read(id ?? '');
        return empty();
      case 'GET mails': {
        if (!this.mails) return problem(404, 'Not found');
        const mail = this.mails.find((candidate) => candidate.id === id);
        return json(mail ?? { items: this.mails });
      }
      default:
        return problem(404, 'Not found');
    }
  }

  #session(user: User): Response {
    const accessToken = `token-${++this.#lastToken}`;
    this.cookie = user;
    this.accessTokens.set(accessToken, user);
    return json({ accessToken, tokenType: 'Bearer', expiresIn: 900, user });
  }

  #list(query: URLSearchParams): Response {
    const status = query.get('status');
    const text = query.get('q')?.toLowerCase() ?? '';
    const page = Number(query.get('page') ?? 1);
    const pageSize = Number(query.get('pageSize') ?? 20);
    const found = this.tenants.filter(
      (tenant) =>
        (!status || tenant.status === status) &&
        `${tenant.name} ${tenant.slug} ${tenant.adminEmail}`.toLowerCase().includes(text),
    );
    const items = found.slice((page - 1) * pageSize, page * pageSize);
    return json({ items, page, pageSize, total: found.length });
  }

  #tenant(id: string): Response {
    const tenant = this.tenants.find((candidate) => candidate.id === id);
    return tenant ? json(tenant) : problem(404, 'There is no such tenant');
  }

  #create(body: Schemas['RegisterTenantRequest'], headers: Headers): Response {
    const key = headers.get('Idempotency-Key') ?? '';
    const slug = body.slug ?? slugFrom(body.name);
    const mistake = slugMistake(slug);
    if (mistake) return problem(400, 'Some fields are not valid', { slug: [mistake] });

    const known = this.#accepted.get(key);
    if (!known && this.#isTaken(slug)) return taken(slug);
    const tenant = known ?? this.#add(body.name, slug, body.adminEmail, 'Admin');
    this.#accepted.set(key, tenant);
    return accepted(tenant);
  }

  #retry(id: string): Response {
    const tenant = this.#change(id, (failedTenant) => ({
      ...failedTenant,
      status: 'Pending',
      nextAttemptAt: null,
      version: failedTenant.version + 1,
    }));
    return accepted(tenant);
  }

  #add(name: string, slug: string, adminEmail: string, origin: Tenant['origin']): Tenant {
    const tenant = pendingTenant({ id: crypto.randomUUID(), name, slug, adminEmail, origin });
    this.tenants.unshift(tenant);
    return tenant;
  }

  #read(which: string): void {
    const readAt = new Date().toISOString();
    this.notifications = this.notifications.map((item) =>
      which === 'read-all' || item.id === which ? { ...item, readAt } : item,
    );
  }

  #isTaken(slug: string): boolean {
    return this.takenSlugs.has(slug) || this.tenants.some((tenant) => tenant.slug === slug);
  }
}

export function problem(
  status: number,
  title: string,
  errors?: Record<string, string[]>,
  headers = {},
): Response {
  return new Response(
    JSON.stringify({ type: 'about:blank', title, status, detail: `${title}.`, errors }),
    {
      status,
      headers: { 'Content-Type': 'application/problem+json', ...headers },
    },
  );
}

function taken(slug: string): Response {
  return problem(409, 'This slug is taken', {
    slug: [`The slug ${slug} is taken. Choose another one.`],
  });
}

function accepted({ id, slug, name, status, jobId }: Tenant): Response {
  return json({ id, slug, name, status, jobId }, 202);
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json' },
  });
}

function empty(): Response {
  return new Response(null, { status: 204 });
}
