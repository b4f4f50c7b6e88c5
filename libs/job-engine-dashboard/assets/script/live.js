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
    // Refused, perhaps because one may no longer look.
    fetchPage().catch(() => {});
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
