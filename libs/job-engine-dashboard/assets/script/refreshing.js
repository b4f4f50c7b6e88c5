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

/** This page as it is now. */
async function fetchPage() {
  const response = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
  // Whoever may no longer look is told so by the server.
  if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) askAgain();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("part")) throw new Error("This is no page of the dashboard.");
  return page;
}

async function refresh({ force = false } = {}) {
  const fresh = await fetchPage();
  const freshPart = fresh.getElementById("part");
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
