// The "What goes over the wire" part of the start page: sends a request, shows the head of the answer.
"use strict";

const path = "/data/planets.json";
let validator = null;

const requests = [
  { label: "GET", method: "GET", path },
  { label: "GET again, if changed", method: "GET", path, conditional: true },
  { label: "HEAD", method: "HEAD", path },
  { label: "OPTIONS", method: "OPTIONS", path },
  { label: "DELETE", method: "DELETE", path },
  { label: "Something missing", method: "GET", path: "/missing" },
];

function line(name, value) {
  const parts = document.createDocumentFragment();
  const label = document.createElement("span");
  label.className = "name";
  label.textContent = name + ": ";
  parts.append(label, value, "\n");
  return parts;
}

async function send(request) {
  const headers = {};
  if (request.conditional && validator === null) await send(requests[0]);
  if (request.conditional && validator !== null) headers["If-None-Match"] = validator;
  const started = performance.now();
  const answer = await fetch(request.path, { method: request.method, headers, cache: "no-store" });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const milliseconds = (performance.now() - started).toFixed(1);
  if (request.path === path && answer.ok) validator = answer.headers.get("etag") ?? validator;

  const status = document.createElement("b");
  status.className = answer.status < 400 ? "good" : "warn";
  status.textContent = `${answer.status} ${answer.statusText}`;
  const output = document.getElementById("answer");
  output.replaceChildren(`${request.method} ${request.path}\n`);
  for (const [name, value] of Object.entries(headers)) output.append(line(name, value));
  output.append("\n", status, "\n");
  for (const [name, value] of answer.headers) output.append(line(name, value));
  output.append(`\n${bytes} bytes of content in ${milliseconds} ms`);
}

const buttons = document.getElementById("buttons");
for (const request of requests) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = request.label;
  button.addEventListener("click", () => {
    for (const other of buttons.children) other.setAttribute("aria-pressed", other === button);
    send(request).catch((error) => document.getElementById("answer").replaceChildren(`No answer: ${error.message}`));
  });
  buttons.append(button);
}
buttons.hidden = false;
buttons.firstChild.click();
