import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, ViteDevServer } from 'vite';
import type { FakeServer } from './fake-server';

const STEP_MS = 1_200;
const END_OF_MESSAGE = '\u001e';

/** `npm run dev:fake`: the pages with a server that lives in memory. Never part of a build. */
export function fakeServer(): Plugin {
  return { name: 'diquis-fake-server', apply: 'serve', configureServer: serveFake };
}

async function serveFake(vite: ViteDevServer): Promise<void> {
  const story = await vite.ssrLoadModule('/src/testing/fake-story.ts');
  const server: FakeServer = story.serverWithHistory();
  const clients = new Set<ServerResponse>();
  server.tell = (target, ...args) => {
    for (const client of clients) send(client, { type: 1, target, arguments: args });
  };
  if (process.env.DIQUIS_FAKE_STANDS_STILL === undefined) {
    const timer = setInterval(() => story.workOn(server), STEP_MS);
    vite.httpServer?.once('close', () => clearInterval(timer));
  }

  vite.middlewares.use((request, response, next) => {
    const url = request.url ?? '/';
    if (url.startsWith('/hubs/')) serveHub(request, response, clients);
    else if (url.startsWith('/fake/')) direct(url, server, response);
    else if (url.startsWith('/api/')) void serveApi(server, request, response);
    else next();
  });
}

/** `/fake/admin`, `/fake/owner`: whose browser it is; `/fake/notify`: tells of a success and a failure. */
function direct(url: string, server: FakeServer, response: ServerResponse): void {
  const [tenant] = server.tenants;
  if (url === '/fake/notify' && tenant) {
    const { name } = tenant;
    server.notify(
      'Success',
      'TenantReady',
      tenant,
      `Tenant ${name} has been successfully provisioned.`,
    );
    server.notify(
      'Error',
      'TenantFailed',
      tenant,
      `Tenant ${name} could not be provisioned: disk is full.`,
    );
  } else {
    server.cookie = server.users[url === '/fake/owner' ? 1 : 0] ?? null;
  }
  response.end();
}

async function serveApi(
  server: FakeServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const answer = await server.handle(
    new Request(`http://localhost${request.url}`, {
      method: request.method ?? 'GET',
      headers: request.headers as Record<string, string>,
      body: body || null,
    }),
  );
  response.statusCode = answer.status;
  answer.headers.forEach((value, name) => {
    response.setHeader(name, value);
  });
  response.end(await answer.text());
}

/** As much of SignalR as its client needs over server-sent events. */
function serveHub(
  request: IncomingMessage,
  response: ServerResponse,
  clients: Set<ServerResponse>,
): void {
  if (request.url?.includes('/negotiate')) {
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({
        connectionId: 'fake',
        connectionToken: 'fake',
        negotiateVersion: 1,
        availableTransports: [{ transport: 'ServerSentEvents', transferFormats: ['Text'] }],
      }),
    );
  } else if (request.method === 'POST') {
    void bodyOf(request).then((body) => {
      if (body.includes('"protocol"')) for (const client of clients) send(client, {});
      response.end();
    });
  } else {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': hello\n\n');
    clients.add(response);
    request.on('close', () => clients.delete(response));
  }
}

function send(client: ServerResponse, message: object): void {
  client.write(`data: ${JSON.stringify(message)}${END_OF_MESSAGE}\n\n`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
