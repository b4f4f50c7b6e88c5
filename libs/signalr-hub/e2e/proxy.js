// A TCP proxy whose connections can be cut without a farewell.
import net from "node:net";
import { once } from "node:events";

export async function startProxy(target) {
  const { hostname, port, pathname } = new URL(target);
  const sockets = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const cut = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    url: `http://127.0.0.1:${server.address().port}${pathname}`,
    cut,
    stop: () => {
      cut();
      server.close();
    },
  };
}
