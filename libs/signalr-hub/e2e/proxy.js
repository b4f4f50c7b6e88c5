// A TCP proxy whose connections can be cut without a farewell.
import net from "node:net";
import { once } from "node:events";

/** `target` is an address, or says one for each new connection. */
export async function startProxy(target) {
  const choose = typeof target === "function" ? target : () => target;
  const sockets = new Set();
  let latest = choose();
  const server = net.createServer((near) => {
    latest = choose();
    const { hostname, port } = new URL(latest);
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
    url: `http://127.0.0.1:${server.address().port}${new URL(latest).pathname}`,
    /** Where the latest connection went. */
    get target() { return latest; },
    cut,
    /** Lets no other connection in. */
    refuse: () => server.close(),
    stop: () => {
      cut();
      server.close();
    },
  };
}
