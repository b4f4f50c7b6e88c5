// Waits for what a connection is told.

/** The arguments of every call of `method`, to be taken one by one. */
export function inbox(connection, method) {
  const calls = [];
  const waiting = [];
  connection.on(method, (...args) => {
    const taker = waiting.shift();
    taker ? taker(args) : calls.push(args);
  });
  return {
    next: () => new Promise((resolve) => {
      calls.length > 0 ? resolve(calls.shift()) : waiting.push(resolve);
    }),
    left: calls,
  };
}

/** All items of a stream; rejects with its error. */
export function collect(stream) {
  return new Promise((resolve, reject) => {
    const items = [];
    stream.subscribe({
      next: (item) => items.push(item),
      error: reject,
      complete: () => resolve(items),
    });
  });
}

export const closed = (connection) => new Promise((resolve) => connection.onclose(resolve));
