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
