import { FakeServer, OWNER, SUPER_ADMIN } from './fake-server';
import { advanced, failed, pendingTenant, type Tenant } from './fake-tenants';

const MINUTE_MS = 60_000;

/** A server with a history, for looking at pages. */
export function serverWithHistory(): FakeServer {
  const server = new FakeServer();
  server.cookie = SUPER_ADMIN;
  server.tenants = history();
  server.mails = mails();
  server.home = home();
  const [nosara, , alajuela] = server.tenants;
  if (nosara && alajuela) {
    server.notify(
      'Error',
      'TenantFailed',
      alajuela,
      `Tenant ${alajuela.name} could not be provisioned: permission denied to create database.`,
    );
    server.notify(
      'Success',
      'TenantReady',
      nosara,
      'Tenant Cahuita Books has been successfully provisioned.',
    );
  }
  return server;
}

/** Lets the worker go on: every unfinished tenant takes one step, a new one that is to fail fails. */
export function workOn(server: FakeServer): void {
  for (const tenant of server.tenants) {
    if (tenant.status === 'Pending' || tenant.status === 'Provisioning') step(server, tenant);
  }
}

function step(server: FakeServer, tenant: Tenant): void {
  const isDoomed = tenant.slug.includes('fail') && tenant.attempt < 2;
  if (isDoomed && tenant.steps[1]?.state === 'Running') {
    const isLast = tenant.slug.includes('fail-hard');
    server.fail(tenant.id, 'unable to open database file', isLast ? null : inMinutes(0.5));
    if (isLast) {
      server.notify(
        'Error',
        'TenantFailed',
        tenant,
        `Tenant ${tenant.name} could not be provisioned: unable to open database file.`,
      );
    } else {
      server.notify(
        'Info',
        'TenantWillRetry',
        tenant,
        `Provisioning of tenant ${tenant.name} failed and will be tried again.`,
      );
    }
    return;
  }
  if (server.advance(tenant.id).status === 'Active') {
    server.notify(
      'Success',
      'TenantReady',
      tenant,
      `Tenant ${tenant.name} has been successfully provisioned.`,
    );
  }
}

function history(): Tenant[] {
  const names: [string, number, (tenant: Tenant) => Tenant][] = [
    ['Nosara Surf School', 0.1, (tenant) => at(3, tenant)],
    ['Café Tarrazú', 0.3, (tenant) => at(2, tenant)],
    [
      'Alajuela Dental',
      6,
      (tenant) =>
        failed(
          at(1, tenant),
          'permission denied to create database (role "diquis" has no CREATEDB)',
          null,
        ),
    ],
    ['Cahuita Books', 12, active],
    [
      'Península Freight',
      34,
      (tenant) =>
        failed(at(2, tenant), 'connection reset while running 0003_settings.sql', inMinutes(1.4)),
    ],
    ['Río Claro Farms', 95, active],
    ['Monteverde Observatory', 180, active],
    ['Quepos Marina', 1_500, active],
    ['Talamanca Cacao', 2_900, active],
    ['Sierpe Boats', 4_400, active],
    ['Orosi Valley Clinic', 8_700, active],
    ['Puntarenas Ferry Co.', 13_000, active],
  ];
  return names.map(([name, minutes, shape], place) => {
    const slug = name
      .normalize('NFKD')
      .replace(/\p{Mark}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/-$/, '');
    const tenant = shape(
      pendingTenant({
        id: `b0000000-0000-4000-8000-${String(place).padStart(12, '0')}`,
        name,
        slug,
        origin: place % 3 === 0 ? 'SignUp' : 'Admin',
        createdAt: inMinutes(-minutes),
      }),
    );
    return { ...tenant, steps: spread(tenant, minutes) };
  });
}

/** Times as a worker would have left them. */
function spread(tenant: Tenant, minutesAgo: number): Tenant['steps'] {
  let moment = Date.now() - minutesAgo * MINUTE_MS + 80;
  return tenant.steps.map((one, place) => {
    if (one.state === 'Waiting') return one;
    const startedAt = new Date(moment).toISOString();
    moment += [140, 412, 96, 58, 9][place] ?? 50;
    const finishedAt = one.state === 'Running' ? null : new Date(moment).toISOString();
    return { ...one, startedAt, finishedAt };
  });
}

function at(steps: number, tenant: Tenant): Tenant {
  let reached = tenant;
  for (let done = 0; done < steps; done += 1) reached = advanced(reached);
  return reached;
}

function active(tenant: Tenant): Tenant {
  return { ...at(6, tenant), activatedAt: tenant.createdAt };
}

function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * MINUTE_MS).toISOString();
}

function mails() {
  const mail = (id: string, to: string, name: string, minutes: number) => ({
    id,
    from: 'Diquis <no-reply@diquis.example>',
    to,
    subject: `Welcome to Diquis: ${name} is ready`,
    text: `Hello,\n\nthe workspace of ${name} is ready.\n\nYour user name: ${to}\nSign in at: http://127.0.0.1:5000/sign-in\n\nChoose your password with this link. It works once, for 24 hours:\nhttp://127.0.0.1:5000/set-password#token=good\n\nDiquis\n`,
    html: null,
    createdAt: inMinutes(-minutes),
  });
  return [
    mail('c1', 'owner@cahuita-books.example', 'Cahuita Books', 12),
    mail('c2', 'ana@rioclaro.example', 'Río Claro Farms', 95),
    mail('c3', 'owner@monteverde-observatory.example', 'Monteverde Observatory', 180),
  ];
}

function home() {
  return {
    tenant: {
      id: OWNER.tenantId ?? '',
      slug: 'rio-claro-farms',
      name: 'Río Claro Farms',
      status: 'Active' as const,
    },
    owner: { email: OWNER.email, displayName: OWNER.displayName },
    roles: [
      { name: 'Owner', description: 'May do everything in this workspace, and hand it over.' },
      { name: 'Member', description: 'Works with the data of this workspace.' },
      { name: 'Viewer', description: 'May look, and change nothing.' },
    ],
    settings: [
      { key: 'locale', value: 'en' },
      { key: 'time_zone', value: 'UTC' },
      { key: 'week_starts_on', value: 'monday' },
    ],
    database: {
      engine: 'SQLite' as const,
      name: 'tenants/b0000000-0000-4000-8000-000000000001.db',
    },
    createdAt: inMinutes(-95),
  };
}
