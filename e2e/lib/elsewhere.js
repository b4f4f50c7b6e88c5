import { once } from 'node:events';
import { createServer } from 'node:http';

/** A site of somebody else, on this host, that shows the same page at each address: its port. */
export async function openElsewhere(t, html) {
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end(html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}
