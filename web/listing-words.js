// Words and small tools that all scripts of the listing share: elements, amounts, requests, and what an answer's status means to people.

// <tag attributes>children</tag>. Text stays text: nothing here reads HTML.
export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

// A name of somebody's choice, whose direction does not reach what stands around it.
export const nameOf = (text) => make("bdi", { class: "name" }, text);

export const files = (count) => (count === 1 ? "1 file" : `${count.toLocaleString()} files`);

// As the server writes sizes: 999 B, 1.2 kB, 34 MB.
export const size = (bytes) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 999.5 && unit + 1 < units.length; ++unit) value /= 1000;
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
};

export const duration = (seconds) => {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const MEANINGS = {
  0: "The connection was lost, or the file can no longer be read.",
  400: "The server does not take this.",
  401: "This needs a password. Load the page again to sign in.",
  403: "The server does not allow this.",
  404: "It is not there any more.",
  405: "The server does not allow this here.",
  408: "The server has waited too long for the file.",
  409: "Something else is in the way.",
  412: "It has changed meanwhile. Load the page again to see how it is now.",
  413: "The file is larger than this server takes.",
  415: "The server does not take files in this form.",
  429: "Too many requests. Try again in a while.",
  500: "Something went wrong on the server.",
  501: "The server can't do this.",
  503: "The server is busy. Try again in a moment.",
  507: "There is no room left on the server.",
};

// One or two sentences. The server's own words, where it has any, say more than its status.
export const explain = ({ status, answer }) => {
  const meaning = MEANINGS[status] ?? MEANINGS[status < 500 ? 400 : 500];
  const detail = typeof answer?.detail === "string" ? answer.detail.trim() : "";
  return detail === "" ? meaning : `${meaning} ${detail}`;
};

// A request to this server: {status, answer}, where status 0 is no answer and `answer` is its JSON, or null. `watch` gets the
// XMLHttpRequest before it starts, to follow or to abort it. (fetch can't say how much it has sent.)
export const request = (method, url, { body = null, type = null, watch = () => {} } = {}) =>
  new Promise((resolve) => {
    const exchange = new XMLHttpRequest();
    exchange.open(method, url);
    exchange.setRequestHeader("Accept", "application/json");
    if (type !== null) exchange.setRequestHeader("Content-Type", type);
    exchange.responseType = "json";
    exchange.onloadend = () => resolve({ status: exchange.status, answer: exchange.response });
    watch(exchange);
    exchange.send(body);
  });
