// Pages work without this. It keeps them live, copies, counts ticks and listens to keys.

const part = document.getElementById("part");
const live = document.getElementById("live");
const said = document.getElementById("said");
const wait = { betweenRefreshes: 1000, beforeReconnecting: 5000 };
