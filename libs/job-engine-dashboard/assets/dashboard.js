// Pages work without this. It keeps them live, copies, counts ticks and listens to keys.

const part = document.getElementById("part");
const live = document.getElementById("live");
const said = document.getElementById("said");
const wait = { betweenRefreshes: 1000, beforeReconnecting: 5000 };

/* Times */

const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"]];

function lengthInWords(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  const [large, name, small, smallName] = units.find(([size]) => seconds >= size);
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name}${rest ? ` ${rest} ${smallName}` : ""}`;
}

function timeInWords(time, now) {
  const seconds = (now - Date.parse(time.dateTime)) / 1000;
  if ("since" in time.dataset) return lengthInWords(Math.max(seconds, 0));
  if (seconds <= -1) return `in ${lengthInWords(-seconds)}`;
  return seconds < 1 ? "just now" : `${lengthInWords(seconds)} ago`;
}

const exactTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function tellTimes(root) {
  const now = Date.now();
  for (const time of root.querySelectorAll("time[data-relative], time[data-since]")) {
    setText(time, timeInWords(time, now));
    time.title = exactTime.format(new Date(time.dateTime));
  }
  for (const time of root.querySelectorAll("time[data-exact]")) {
    time.title ||= time.textContent;
    setText(time, exactTime.format(new Date(time.dateTime)));
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* Refreshing in place: elements stay, so focus, ticks, open details and clicks survive. */

function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !keptAttribute(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!keptAttribute(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, fresh);
}

function keptAttribute(element, name) {
  return (name === "open" && element.localName === "details")
    || (name === "hidden" && "enabled" in element.dataset)
    || name === "data-enabled"
    || (name === "class" && element.classList.contains("at"));
}

function isAlike(old, fresh) {
  return old && old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName
    && old.dataset?.key === fresh.dataset?.key;
}

function morphChildren(old, fresh) {
  const keyed = new Map([...old.children].filter((child) => child.dataset.key)
    .map((child) => [child.dataset.key, child]));
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = child.dataset?.key && keyed.get(child.dataset.key);
    if (known && known !== place) old.insertBefore(known, place);
    const match = known ?? place;
    if (isAlike(match, child)) {
      if (match.nodeType === Node.ELEMENT_NODE) morph(match, child);
      else if (match.data !== child.data) match.data = child.data;
      if (match === place) place = place.nextSibling;
    } else {
      old.insertBefore(child, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** While someone works in a list, its rows stay where they are. */
function isBusy() {
  const list = part.querySelector("form.list");
  return Boolean(list?.querySelector("td input:checked, tbody tr:hover, tbody :focus-visible"));
}

let showHeld = null;

async function refresh({ force = false } = {}) {
  const response = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const freshPart = fresh.getElementById("part");
  if (!freshPart) {
    // Whoever may no longer look is told so by the server.
    askAgain();
    return;
  }
  tellTimes(fresh);
  const held = !force && isBusy() && rowKeys(freshPart) !== rowKeys(part);
  if (held) {
    hold();
    return;
  }
  release();
  morph(part, freshPart);
  enable(part);
  countTicks();
}

/** Loads the page anew. A reload would send a form a second time. */
function askAgain() {
  location.replace(location.pathname + location.search);
}

function rowKeys(root) {
  return [...root.querySelectorAll("tbody tr")].map((row) => row.dataset.key).join();
}

function hold() {
  if (showHeld) return;
  showHeld = document.createElement("button");
  showHeld.type = "button";
  showHeld.className = "held quiet";
  showHeld.textContent = "The list has changed. Show it";
  showHeld.addEventListener("click", () => refresh({ force: true }));
  part.querySelector(".toolbar")?.append(showHeld);
}

function release() {
  showHeld?.remove();
  showHeld = null;
}

/* Live: one stream, closed while nobody looks. */

let stream = null;
let reconnecting = null;
let wanted = localStorage.getItem("job-dashboard-live") !== "off";
let refreshing = null;
let again = false;

function refreshSoon() {
  if (!("refreshes" in part.dataset)) return;
  if (refreshing) {
    again = true;
    return;
  }
  again = false;
  refreshing = refresh()
    .catch(() => sayLive("Reconnecting", true))
    .then(() => new Promise((done) => setTimeout(done, wait.betweenRefreshes)))
    .finally(() => {
      refreshing = null;
      if (again && stream) refreshSoon();
    });
}

function connect() {
  clearTimeout(reconnecting);
  if (stream || !wanted || document.hidden) return;
  stream = new EventSource(document.body.dataset.events);
  stream.addEventListener("open", () => sayLive("Live"));
  stream.addEventListener("counts", (event) => {
    sayLive("Live");
    showCounts(JSON.parse(event.data));
    refreshSoon();
  });
  stream.addEventListener("unavailable", () => sayLive("Storage does not answer", true));
  stream.addEventListener("closed", askAgain);
  stream.addEventListener("error", () => {
    sayLive("Reconnecting", true);
    if (stream.readyState !== EventSource.CLOSED) return;
    disconnect();
    reconnecting = setTimeout(connect, wait.beforeReconnecting);
  });
}

function disconnect() {
  stream?.close();
  stream = null;
  clearTimeout(reconnecting);
}

function setLive(on) {
  wanted = on;
  localStorage.setItem("job-dashboard-live", on ? "on" : "off");
  live.setAttribute("aria-pressed", String(on));
  if (on) connect();
  else disconnect();
  sayLive(on ? "Live" : "Paused");
}

function sayLive(words, late = false) {
  setText(live.querySelector(".live-words"), words);
  live.classList.toggle("late", late);
}

const grouped = new Intl.NumberFormat("en");

function showCounts(counts) {
  for (const element of document.querySelectorAll("nav [data-count]")) {
    const count = counts[element.dataset.count];
    setText(element, grouped.format(count));
    element.className = `count ${count ? element.dataset.tone : "neutral"}`;
  }
}

/* Copying, over plain HTTP as well */

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    copyOldWay(button.dataset.copy);
    button.focus();
  }
  button.classList.add("copied");
  say("Copied");
  setTimeout(() => button.classList.remove("copied"), 1200);
}

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.className = "unseen";
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function say(words) {
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = words; });
}

/* Ticks */

function countTicks() {
  const boxes = [...part.querySelectorAll("td input[name=jobs]")];
  const ticked = boxes.filter((box) => box.checked).length;
  for (const button of part.querySelectorAll("[data-ticked]")) {
    button.disabled = ticked === 0;
    setText(button.querySelector(".how-many"), ticked ? ` ${ticked} ${ticked === 1 ? "job" : "jobs"}` : " ticked");
  }
  const all = part.querySelector("[data-tick-all]");
  if (!all) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

/* Colours */

async function chooseTheme(button) {
  const form = button.form;
  const fields = new FormData(form, button);
  // A redirect that is not followed says that the choice was kept.
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  if (response.type !== "opaqueredirect") return form.submit();
  if (button.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = button.value;
  document.querySelector("meta[name=color-scheme]").content = button.value === "system" ? "light dark" : button.value;
  for (const other of form.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
}

/* Keys */

let leader = false;
const keysOn = document.getElementById("shortcuts-on");

function pressed(event) {
  if (!keysOn.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
  const key = event.key;
  if (leader) {
    leader = false;
    document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
    return;
  }
  const act = actions[key];
  if (!act) return;
  if (act() !== false) event.preventDefault();
}

const actions = {
  g: () => { leader = true; setTimeout(() => { leader = false; }, 1500); },
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector("input[type=checkbox]")?.click(),
  l: () => setLive(!wanted),
  t: nextTheme,
  "?": () => document.getElementById("shortcuts").showModal(),
  "/": () => {
    const box = part.querySelector("[data-search]") ?? document.querySelector("[data-search]");
    const menu = document.getElementById("menu");
    if (!box.checkVisibility()) menu.showPopover();
    box.select();
  },
  Enter: () => {
    if (document.activeElement !== document.body && !document.activeElement.matches("main, tr")) return false;
    const link = current()?.querySelector("a");
    if (!link) return false;
    link.click();
  },
};

function current() {
  return part.querySelector("tr.at");
}

function move(by) {
  const rows = [...part.querySelectorAll("tbody tr")];
  const at = rows.indexOf(current());
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  current()?.classList.remove("at");
  next?.classList.add("at");
  next?.scrollIntoView({ block: "nearest" });
}

function nextTheme() {
  const buttons = [...document.querySelectorAll(".theme button")];
  const at = buttons.findIndex((button) => button.ariaPressed === "true");
  chooseTheme(buttons[(at + 1) % buttons.length]);
}

/* Start */

/** What needs the script is hidden without it. */
function enable(root) {
  for (const element of root.querySelectorAll("[data-copy], [data-opens], [data-tick-all], #live")) {
    element.dataset.enabled = "";
    element.hidden = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy !== undefined) copy(button);
  if (button.dataset.opens) document.getElementById(button.dataset.opens).showModal();
  if (button === live) setLive(!wanted);
  if (button.closest(".theme")) {
    event.preventDefault();
    chooseTheme(button);
  }
});

document.addEventListener("change", (event) => {
  if (event.target === keysOn) localStorage.setItem("job-dashboard-keys", keysOn.checked ? "on" : "off");
  if (event.target.matches("[data-tick-all]")) {
    for (const box of part.querySelectorAll("td input[name=jobs]")) box.checked = event.target.checked;
  }
  countTicks();
});

document.addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", connect);
setInterval(() => { if (!document.hidden) tellTimes(part); }, 1000);

keysOn.checked = localStorage.getItem("job-dashboard-keys") !== "off";
enable(document);
countTicks();
tellTimes(document);
setLive(wanted);
