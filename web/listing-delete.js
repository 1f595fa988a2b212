// Deletion from the listing: a button in each line, a question before, and a way back after it where the server keeps what was deleted.
import { explain, make, nameOf, request } from "./listing-words.js";

const button = (text, attributes = {}) => make("button", { type: "button", ...attributes }, text);

// One message at a time, with what can be done about it.
class Notice {
  constructor(parent) {
    this.element = make("div", { class: "notice", role: "status" });
    parent.append(this.element);
  }

  // `action`: {text, run}, or null.
  show({ bad = false, words, action = null }) {
    const close = button("Close", { class: "quiet" });
    close.addEventListener("click", () => this.close());
    this.element.classList.toggle("bad", bad);
    this.element.replaceChildren(make("p", {}, ...words));
    if (action !== null) {
      const act = button(action.text);
      act.addEventListener("click", action.run);
      this.element.append(act);
    }
    this.element.append(close);
    if (action !== null) this.element.querySelector("button").focus({ preventScroll: true });
  }

  close() {
    const focused = this.element.contains(document.activeElement);
    this.element.replaceChildren();
    if (focused) document.getElementById("files").focus({ preventScroll: true });
  }
}

// The question, and a promise of the answer.
const confirmed = (name, isFolder, canUndo) => {
  const title = make("h2", { id: "question" }, "Delete ", nameOf(name), "?");
  const thing = isFolder ? "An empty folder goes, one with something in it stays." : "";
  const hint = make("p", {}, `${thing} ${canUndo ? "It can be undone right afterwards." : "This can't be undone."}`);
  const keep = make("button", { value: "", autofocus: "" }, "Cancel");
  const go = make("button", { value: "delete", class: "danger" }, "Delete");
  const dialog = make("dialog", { "aria-labelledby": "question" }, make("form", { method: "dialog" }, title, hint, make("p", { class: "actions" }, keep, go)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "delete");
    });
  });
};

// `listing`: the element with data-delete, whose value "undo" says that there is a way back. `refresh` shows the folder as it
// is now. The answer is for whoever has new lines to be given buttons: a function of them.
export const offerDeletion = (listing, refresh) => {
  const notice = new Notice(document.getElementById("progress"));
  const canUndo = listing.dataset.delete === "undo";

  const undo = async (name, address) => {
    const outcome = await request("POST", address);
    if (outcome.status < 200 || outcome.status >= 300) {
      notice.show({ bad: true, words: [nameOf(name), " is not back. ", explain(outcome)] });
      return;
    }
    notice.show({ words: [nameOf(name), " is back."] });
    await refresh();
  };

  const remove = async (row) => {
    const link = row.querySelector("a[href]");
    const name = link.textContent;
    if (!(await confirmed(name, row.querySelector("th.folder") !== null, canUndo))) return;
    const outcome = await request("DELETE", link.href);
    if (outcome.status >= 200 && outcome.status < 300) {
      const address = outcome.answer?.undo;
      // First the list, which moves the focus on from the line that is gone.
      await refresh();
      const action = typeof address === "string" ? { text: "Undo", run: () => undo(name, address) } : null;
      notice.show({ words: [nameOf(name), " was deleted."], action });
      return;
    }
    notice.show({ bad: true, words: [nameOf(name), " was not deleted. ", explain(outcome)] });
    if (outcome.status === 404) await refresh();
  };

  document.getElementById("files").addEventListener("click", (event) => {
    const pressed = event.target.closest("button.delete");
    if (pressed !== null) remove(pressed.closest("tr"));
  });

  return (rows) => {
    document.querySelector("#files thead tr").append(make("td", { class: "act" }));
    for (const row of rows) {
      const link = row.querySelector("a[href]");
      const cell = make("td", { class: "act" });
      if (link !== null) cell.append(button("", { class: "delete", "aria-label": `Delete ${link.textContent}`, title: "Delete" }));
      row.append(cell);
    }
  };
};
