// Uploads from the listing: buttons for files and for folders in place of the form, and the whole page as a place to drop them.
import { Queue } from "./listing-queue.js";
import { FILES_MAX, filesChosen, filesDropped } from "./listing-sources.js";
import { ProgressView } from "./listing-progress.js";
import { files, make } from "./listing-words.js";

const remarkOn = ({ hidden, unreadable, full }) => {
  const parts = [];
  if (hidden > 0) parts.push(`${files(hidden)} left out that folders hide (names with a dot in front).`);
  if (unreadable > 0) parts.push(`${files(unreadable)} can't be read.`);
  if (full) parts.push(`Only the first ${FILES_MAX.toLocaleString()} files were taken.`);
  return parts.join(" ");
};

// A button that opens the chooser of an input nobody sees.
const chooser = (text, kind, input, take) => {
  const button = make("button", { type: "button", class: kind }, text);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const harvest = filesChosen(input);
    // So that the same file can be chosen again.
    input.value = "";
    take(harvest);
  });
  return button;
};

const offerButtons = (form, take) => {
  const field = document.getElementById("file");
  const folder = make("input", { type: "file", webkitdirectory: "", hidden: "", tabindex: "-1", "aria-label": "A folder to upload" });
  field.hidden = true;
  form.querySelector("button").remove();
  form.append(folder, chooser("Upload files", "first", field, take));
  if ("webkitdirectory" in folder) form.append(chooser("Upload a folder", "folders", folder, take));
};

const offerDropping = (place, take) => {
  const veil = make("div", { class: "veil", hidden: "" }, make("p", {}, "Drop files or folders to upload them here"));
  place.append(veil);
  const concerns = (event) => event.dataTransfer?.types.includes("Files") && document.querySelector("dialog[open]") === null;
  // Each element on the way sends an event of its own.
  let depth = 0;
  const show = (change) => {
    depth = Math.max(0, depth + change);
    veil.hidden = depth === 0;
  };
  document.addEventListener("dragenter", (event) => concerns(event) && show(1));
  document.addEventListener("dragleave", (event) => concerns(event) && show(-1));
  document.addEventListener("dragover", (event) => {
    if (!concerns(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", async (event) => {
    if (!concerns(event)) return;
    event.preventDefault();
    show(-depth);
    take(await filesDropped(event.dataTransfer));
  });
};

// `listing`: the element with data-upload. `refresh` shows the folder as it is now.
export const offerUploads = (listing, refresh) => {
  const view = new ProgressView(document.getElementById("progress"));
  const queue = new Queue({
    target: listing.dataset.upload,
    bytesMax: Number(listing.dataset.uploadMax ?? Infinity),
    view,
    idle: (items) => items.some((item) => item.state === "stored") && refresh(),
  });
  view.queue = queue;
  const take = (harvest) => {
    view.remarkOn(remarkOn(harvest));
    if (harvest.found.length > 0) queue.add(harvest.found);
  };
  offerButtons(document.getElementById("upload"), take);
  offerDropping(listing, take);
  addEventListener("beforeunload", (event) => queue.busy && event.preventDefault());
};
