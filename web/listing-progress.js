// What is seen and heard of uploads: a line about all of them, and one for each file with its bar, its outcome and what can be done.
import { duration, files, make, nameOf, size } from "./listing-words.js";

// Lines on the page. Of more files at once, those that wait have none yet and the oldest stored ones none any more.
const LINES_MAX = 100;
const PACE_EVERY_MS = 500;
// The speed is that of the last few seconds.
const PACE_SAMPLES = 12;

const button = (text, label, press) => {
  const element = make("button", { type: "button", "aria-label": label }, text);
  element.addEventListener("click", press);
  return element;
};

const count = (items, state) => items.filter((item) => item.state === state).length;

// The line of one file.
class Line {
  constructor(item, queue) {
    Object.assign(this, { item, queue });
    this.name = make("p", { class: "what" }, nameOf(item.path));
    this.bar = make("progress", { max: item.file.size || 1, "aria-label": item.path });
    this.note = make("p", { class: "note" });
    this.actions = make("p", { class: "actions" });
    this.element = make("li", {}, this.name, this.note, this.bar, this.actions);
    this.show();
  }

  show() {
    const { item, queue } = this;
    const focused = this.actions.contains(document.activeElement);
    this.element.dataset.state = item.state;
    this.bar.hidden = item.state !== "running";
    this.showSent();
    this.actions.replaceChildren();
    if (item.state === "waiting" || item.state === "running") {
      this.actions.append(button("Cancel", `Cancel ${item.path}`, () => queue.cancel(item)));
    } else if (item.state !== "stored") {
      this.actions.append(button("Retry", `Retry ${item.path}`, () => queue.retry([item])));
    } else if (item.address !== null) {
      this.name.replaceChildren(make("a", { href: item.address }, nameOf(item.path)));
      if (item.renamed !== null) this.note.replaceChildren("The name was taken: stored as ", nameOf(item.renamed));
    }
    if (focused) (this.actions.firstChild ?? this.name.firstChild).focus();
  }

  showSent() {
    const { item } = this;
    this.bar.value = item.file.size === 0 ? 1 : item.sent;
    const sending = `${size(item.sent)} of ${size(item.file.size)}`;
    this.note.textContent = { waiting: "Waiting", running: sending }[item.state] ?? item.note;
  }
}

export class ProgressView {
  // `parent` is an empty element of the page.
  constructor(parent) {
    this.queue = null;
    this.lines = new Map();
    this.samples = [];
    this.timer = null;
    this.title = make("h2");
    this.pace = make("p", { class: "note" });
    this.bar = make("progress", { "aria-label": "All uploads" });
    this.actions = make("p", { class: "actions" });
    this.remark = make("p", { class: "remark", hidden: "" });
    this.list = make("ul");
    // What is read out: beginnings, ends and faults, not each per cent.
    this.spoken = make("p", { class: "spoken", role: "status" });
    const head = make("div", { class: "all" }, this.title, this.pace, this.bar, this.actions);
    this.element = make("section", { class: "uploads", "aria-label": "Uploads", hidden: "" }, head, this.remark, this.list);
    parent.append(this.element, this.spoken);
  }

  // About what was not even tried; "" for nothing.
  remarkOn(text) {
    this.remark.textContent = text;
    this.remark.hidden = text === "";
    if (text !== "") this.element.hidden = false;
  }

  begin(items) {
    this.items = items;
    for (const [item, line] of this.lines) {
      if (!items.includes(item)) this.#drop(item, line);
    }
    for (const item of items.slice(0, LINES_MAX)) this.#line(item);
    this.element.hidden = false;
    this.samples = [];
    this.timer ??= setInterval(() => this.#showAll(), PACE_EVERY_MS);
    const left = count(items, "waiting") + count(items, "running");
    this.spoken.textContent = `Uploading ${files(left)}.`;
    this.actions.replaceChildren(button("Cancel all", "Cancel all uploads", () => this.queue.cancelAll()));
    this.#showAll();
  }

  changed(item) {
    if (item.state !== "waiting" || this.lines.has(item)) this.#line(item).show();
    if (item.state === "failed") this.spoken.textContent = `${item.path}: ${item.note}`;
    this.#thin();
    this.#showAll();
  }

  sent(item) {
    this.#line(item).showSent();
  }

  end(items) {
    clearInterval(this.timer);
    this.timer = null;
    const failed = items.filter((item) => item.state === "failed");
    const parts = [`${files(count(items, "stored"))} uploaded`];
    if (failed.length > 0) parts.push(`${failed.length} failed`);
    if (count(items, "cancelled") > 0) parts.push(`${count(items, "cancelled")} cancelled`);
    this.title.textContent = parts.join(", ");
    this.spoken.textContent = `${parts.join(", ")}. ${failed.length === 1 ? `${failed[0].path}: ${failed[0].note}` : ""}`;
    this.pace.textContent = "";
    this.bar.hidden = true;
    const focused = this.actions.contains(document.activeElement);
    const close = button("Close", "Close the list of uploads", () => this.#close());
    this.actions.replaceChildren(close);
    if (failed.length > 1) this.actions.prepend(button("Retry all", "Retry all that failed", () => this.queue.retry(failed)));
    if (focused) close.focus();
  }

  #close() {
    this.element.hidden = true;
    this.remarkOn("");
    for (const [item, line] of this.lines) this.#drop(item, line);
    this.queue.items = [];
    document.getElementById("files").focus({ preventScroll: true });
  }

  #line(item) {
    let line = this.lines.get(item);
    if (line === undefined) {
      line = new Line(item, this.queue);
      this.lines.set(item, line);
      this.list.append(line.element);
    }
    return line;
  }

  #drop(item, line) {
    line.element.remove();
    this.lines.delete(item);
  }

  #thin() {
    if (this.lines.size <= LINES_MAX) return;
    for (const [item, line] of this.lines) {
      if (item.state !== "stored") continue;
      this.#drop(item, line);
      return;
    }
  }

  #showAll() {
    if (this.timer === null) return;
    // What failed or was cancelled is no part of the way any more.
    const counted = this.items.filter((item) => item.state !== "failed" && item.state !== "cancelled");
    const total = counted.reduce((sum, item) => sum + item.file.size, 0);
    const sent = counted.reduce((sum, item) => sum + item.sent, 0);
    const stored = count(this.items, "stored");
    this.title.textContent =
      counted.length === 1 ? "Uploading 1 file" : `Uploading ${files(counted.length)}${stored > 0 ? `, ${stored} done` : ""}`;
    this.bar.hidden = this.items.length === 1;
    this.bar.max = total || 1;
    this.bar.value = sent;
    this.pace.textContent = [`${size(sent)} of ${size(total)}`, ...this.#paceOf(sent, total)].join(" · ");
  }

  // Speed and remaining time, as soon as anything can be said of them.
  #paceOf(sent, total) {
    const now = performance.now();
    const last = this.samples.at(-1);
    if (last === undefined || now - last.now >= PACE_EVERY_MS / 2) this.samples.push({ now, sent });
    if (this.samples.length > PACE_SAMPLES) this.samples.shift();
    const first = this.samples[0];
    const bytesPerSecond = ((sent - first.sent) * 1000) / (now - first.now);
    if (!(bytesPerSecond > 0 && Number.isFinite(bytesPerSecond))) return [];
    return [`${size(bytesPerSecond)}/s`, `${duration((total - sent) / bytesPerSecond)} left`];
  }
}
