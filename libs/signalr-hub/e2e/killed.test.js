// Servers and sockets are killed at random, under load. SEED=… brings the same run back.
import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import * as signalr from "@microsoft/signalr";
import { startProxy } from "./proxy.js";
import { startServer } from "./server.js";

const { HttpTransportType, HubConnectionBuilder, LogLevel } = signalr;

/** Nobody else uses this database by these names. */
const RUN = randomUUID();
const USERS = ["ann", "bob", "cid"].map((name) => `${name} of ${RUN}`);
const MESSAGES_EACH = 150;
/** One kill for so many messages. */
const BETWEEN_KILLS = 20;
const RECONNECT_MS = 20;

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const random = seededRandom(seed);
const pick = (list) => list[Math.floor(random() * list.length)];

let servers = [];
before(async () => {
  servers = await Promise.all([1, 2].map(startOne));
});
after(() => Promise.all(servers.map((server) => server.kill())));

function startOne() {
  return startServer("durable", process.env.DIQUIS_TEST_POSTGRES_URL);
}

/** Starts another one in its place, so that there are always two, or nearly. */
async function killOne() {
  const position = servers.indexOf(pick(servers));
  await servers[position].kill();
  servers[position] = await startOne();
}

/** A user's page that comes back after every loss, to whichever server, and knows what it has shown. */
class Page {
  shown = [];
  #last = 0;
  #waiting = new Map();
  #isClosing = false;

  constructor(user, proxy) {
    this.proxy = proxy;
    this.hub = new HubConnectionBuilder()
      .withUrl(proxy.url, { transport: HttpTransportType.WebSockets, accessTokenFactory: () => user })
      .configureLogging(LogLevel.None)
      .build();
    this.hub.on("Told", (number, text) => this.#told(number, text));
    this.hub.onclose(() => this.#isClosing || this.open());
  }

  static async of(user) {
    const proxy = await startProxy(() => `${pick(servers).url}/hub`);
    const page = new Page(user, proxy);
    await page.open();
    return page;
  }

  async open() {
    while (!this.#isClosing) {
      try {
        return await this.hub.start();
      } catch {
        await new Promise((resolve) => { setTimeout(resolve, RECONNECT_MS); });
      }
    }
  }

  async close() {
    this.#isClosing = true;
    await this.hub.stop();
    this.proxy.stop();
  }

  /** Waits until this text was shown. */
  shows(text) {
    if (this.shown.includes(text)) return Promise.resolve();
    return new Promise((resolve) => { this.#waiting.set(text, resolve); });
  }

  #told(number, text) {
    if (number <= this.#last) return true;
    this.#last = number;
    this.shown.push(text);
    this.#waiting.get(text)?.();
    return true;
  }
}

/** Tells a user everything in order; gives what was surely stored, and what may have been. */
async function tellAll(user, chaos) {
  const sent = { surely: [], perhaps: [] };
  for (let number = 0; number < MESSAGES_EACH; number += 1) {
    const text = `${number}`;
    const isStored = await tell(user, text);
    (isStored ? sent.surely : sent.perhaps).push(text);
    await chaos();
  }
  return sent;
}

async function tell(user, text) {
  try {
    const answer = await fetch(`${pick(servers).url}/tell/${encodeURIComponent(user)}/${text}`, { method: "POST" });
    return answer.ok;
  } catch {
    // It was killed: before or after the commit, nobody knows.
    return false;
  }
}

test(`durable messages survive kills of servers and sockets (SEED=${seed})`, async (t) => {
  const pages = await Promise.all(USERS.map(Page.of));
  t.after(() => Promise.all(pages.map((page) => page.close())));
  let told = 0;
  let kills = 0;
  let killing = Promise.resolve();
  const chaos = async () => {
    told += 1;
    if (told % BETWEEN_KILLS !== 0) return;
    kills += 1;
    if (random() < 0.5) {
      pick(pages).proxy.cut();
    } else {
      killing = killing.then(killOne);
    }
  };

  const sent = await Promise.all(USERS.map((user) => tellAll(user, chaos)));
  await killing;
  for (const [position, user] of USERS.entries()) {
    const last = `${MESSAGES_EACH}`;
    assert.ok(await tell(user, last), "with both servers up, it is stored");
    sent[position].surely.push(last);
    await pages[position].shows(last);
  }

  assert.ok(kills >= 20, `${kills} kills`);
  for (const [position, { surely, perhaps }] of sent.entries()) {
    const { shown } = pages[position];
    const lost = surely.filter((text) => !shown.includes(text));
    const strange = shown.filter((text) => !surely.includes(text) && !perhaps.includes(text));
    assert.deepEqual(lost, [], "nothing is lost");
    assert.deepEqual(strange, [], "nothing is made up");
    assert.equal(new Set(shown).size, shown.length, "nothing is doubled");
    assert.deepEqual(shown, shown.toSorted((one, other) => one - other), "all is in order");
  }
});

test("the connections of a server that was killed are gone soon", async (t) => {
  const user = `dan of ${RUN}`;
  const page = await Page.of(user);
  t.after(() => page.close());
  const holder = servers.find((server) => page.proxy.target?.startsWith(server.url));
  const other = servers.find((server) => server !== holder);
  const count = async () => {
    const answer = await fetch(`${other.url}/connections/${encodeURIComponent(user)}`);
    return Number(await answer.text());
  };
  assert.equal(await count(), 1);

  const lost = new Promise((resolve) => { page.hub.onclose(resolve); });
  page.proxy.refuse();
  await holder.kill();
  await lost;

  assert.equal(await count(), 0);
  servers[servers.indexOf(holder)] = await startOne();
});

test(`a connection that is resumed again and again misses nothing (SEED=${seed})`, async () => {
  const chat = await startServer("chat");
  const proxy = await startProxy(chat.url);
  const connect = async (url) => {
    const hub = new HubConnectionBuilder()
      .withUrl(url, HttpTransportType.WebSockets)
      .withStatefulReconnect()
      .configureLogging(LogLevel.None)
      .build();
    await hub.start();
    return hub;
  };
  const [listener, speaker] = await Promise.all([connect(proxy.url), connect(chat.url)]);
  const heard = [];
  const waiting = new Map();
  listener.on("Said", ({ text }) => {
    heard.push(text);
    waiting.get(text)?.();
  });
  const hears = (text) => new Promise((resolve) => { waiting.set(text, resolve); });
  await listener.invoke("Join", "room");
  const id = listener.connectionId;

  let said = 0;
  for (let cuts = 0; cuts < 30; cuts += 1) {
    // The client gives up if it is cut while it comes back: so it has to have heard something new.
    proxy.cut();
    const isBack = hears(`${said}`);
    for (let count = 5 + Math.floor(random() * 20); count > 0; count -= 1) {
      await speaker.invoke("Say", "room", `${said}`);
      said += 1;
    }
    await isBack;
  }
  const isOver = hears("end");
  await speaker.invoke("Say", "room", "end");
  await isOver;

  const expected = [...Array.from({ length: said }, (_, number) => `${number}`), "end"];
  assert.deepEqual(heard, expected);
  assert.equal(listener.connectionId, id);
  await Promise.all([listener.stop(), speaker.stop()]);
  proxy.stop();
  await chat.stop();
});

/** Mulberry32: small, and good enough for choosing victims. */
function seededRandom(start) {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
