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
