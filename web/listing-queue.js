// Files on their way to the server, a few at a time. What is shown of them is the view's (listing-progress.js).
import { explain, request, size } from "./listing-words.js";

// Small files gain by it; large ones share the line anyway.
const PARALLEL_MAX = 3;

const NO_FOLDERS = "This server makes no folders for uploads, so what lies in folders can't be stored. Upload the files by themselves, " +
  "or ask whoever runs it for “upload_mkdir on”.";

const encoded = (path) => path.split("/").map(encodeURIComponent).join("/");

// `item.state` is waiting, running, stored, failed or cancelled. The view is told of each change: changed(item), sent(item).
export class Queue {
  // `target`: the address that files are posted below. `bytesMax`: of one file. `idle` is called when nothing is left to be done.
  constructor({ target, bytesMax, view, idle }) {
    Object.assign(this, { target, bytesMax, view, idle });
    this.items = [];
  }

  add(found) {
    const items = found.map(({ file, path }) => ({ file, path, state: "waiting", sent: 0, note: "", address: null }));
    if (!this.busy) this.items = this.items.filter((item) => item.state === "failed");
    this.items.push(...items);
    this.view.begin(this.items);
    this.#fill();
  }

  get busy() {
    return this.items.some((item) => item.state === "waiting" || item.state === "running");
  }

  cancel(item) {
    if (item.state === "waiting") {
      this.#end(item, "cancelled", "Cancelled");
    } else if (item.state === "running") {
      item.state = "cancelled";
      item.exchange.abort();
    }
  }

  cancelAll() {
    // The waiting ones first, or they would take the places that become free.
    const order = ["waiting", "running"];
    for (const state of order) this.items.filter((item) => item.state === state).forEach((item) => this.cancel(item));
  }

  retry(items) {
    for (const item of items) {
      Object.assign(item, { state: "waiting", sent: 0, note: "" });
      this.view.changed(item);
    }
    this.view.begin(this.items);
    this.#fill();
  }

  #fill() {
    let running = this.items.filter((item) => item.state === "running").length;
    for (const item of this.items) {
      if (running >= PARALLEL_MAX) return;
      if (item.state !== "waiting") continue;
      item.state = "running";
      running += 1;
      this.#send(item);
    }
  }

  async #send(item) {
    this.view.changed(item);
    if (item.file.size > this.bytesMax) {
      // Sending it would only take time.
      await null;
      this.#end(item, "failed", `The file is larger than this server takes: at most ${size(this.bytesMax)}.`);
      return;
    }
    const watch = (exchange) => {
      item.exchange = exchange;
      exchange.upload.onprogress = (event) => {
        item.sent = Math.min(event.loaded, item.file.size);
        this.view.sent(item);
      };
    };
    const outcome = await request("POST", this.target + encoded(item.path), { body: item.file, type: "application/octet-stream", watch });
    item.exchange = null;
    if (item.state === "cancelled") {
      this.#end(item, "cancelled", "Cancelled");
    } else if (outcome.status >= 200 && outcome.status < 300) {
      this.#stored(item, outcome.answer?.files?.[0]);
    } else if (outcome.status === 404 && item.path.includes("/")) {
      this.#refuseFolder(item);
    } else {
      this.#end(item, "failed", explain(outcome));
    }
  }

  #stored(item, file) {
    const name = item.path.slice(item.path.lastIndexOf("/") + 1);
    const renamed = typeof file?.name === "string" && file.name !== name;
    item.sent = item.file.size;
    item.address = typeof file?.path === "string" ? file.path : null;
    item.renamed = renamed ? file.name : null;
    this.#end(item, "stored", size(item.file.size));
  }

  // The others for that folder need not be sent to learn the same.
  #refuseFolder(item) {
    const folder = item.path.slice(0, item.path.lastIndexOf("/") + 1);
    for (const other of this.items) {
      if (other.state === "waiting" && other.path.startsWith(folder)) this.#note(other, "failed", NO_FOLDERS);
    }
    this.#end(item, "failed", NO_FOLDERS);
  }

  #note(item, state, note) {
    Object.assign(item, { state, note });
    this.view.changed(item);
  }

  #end(item, state, note) {
    this.#note(item, state, note);
    this.#fill();
    if (this.busy) return;
    this.view.end(this.items);
    this.idle(this.items);
  }
}
