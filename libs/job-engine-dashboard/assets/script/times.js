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
