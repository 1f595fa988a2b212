// Comfort for folder listings (listing.html says what there is to rely on). The page's Content-Security-Policy forbids to make HTML or
// scripts of text (trusted types): build elements, set textContent.
import { offerDeletion } from "./listing-delete.js";
import { offerUploads } from "./listing-upload.js";

// A longer page is left as it came: searching and rewriting it would hold the browser up.
const ENTRIES_MAX = 20000;

const listing = document.getElementById("listing");
const field = document.getElementById("filter");
// Otherwise the server has left names out, and must be asked again.
const isWhole = field.value === "";

// What the filter looks at: filled by prepare().
let entries = [];
let names = [];
let summary = [];

const fold = (text) => text.normalize("NFC").toLocaleLowerCase();

const showMatches = () => {
  const count = document.getElementById("count");
  const wanted = fold(field.value.trim());
  let shown = 0;
  entries.forEach((row, index) => {
    const fits = names[index].includes(wanted);
    row.hidden = !fits;
    shown += fits ? 1 : 0;
  });
  if (wanted === "") {
    count.replaceChildren(...summary);
  } else {
    count.textContent = `${shown.toLocaleString()} of ${entries.length.toLocaleString()}`;
  }
};

const filterAsOneTypes = () => {
  document.documentElement.classList.add("scripted");
  field.addEventListener("input", showMatches);
  field.form.addEventListener("submit", (event) => event.preventDefault());
};

const showLocalTimes = () => {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("#files time")) {
    time.title = time.dateTime;
    time.textContent = format.format(new Date(time.dateTime));
  }
  document.querySelector(".zone")?.remove();
};

let addButtons = () => {};

// Makes a table that has just come comfortable.
const prepare = () => {
  entries = [...document.querySelectorAll("#files tbody tr:not(.up)")];
  summary = [...document.getElementById("count").childNodes];
  if (entries.length > ENTRIES_MAX) return;
  names = entries.map((row) => fold(row.cells[0].textContent));
  showLocalTimes();
  addButtons(entries);
  // What stood in the field before a reload is there again.
  if (isWhole) showMatches();
};

const fetchPage = () =>
  new Promise((resolve) => {
    const exchange = new XMLHttpRequest();
    exchange.open("GET", location.href);
    exchange.setRequestHeader("Accept", "text/html");
    // Not DOMParser: its argument would be text that becomes HTML. Nothing in such a document runs or is loaded.
    exchange.responseType = "document";
    exchange.onloadend = () => resolve(exchange.status === 200 ? exchange.response : null);
    exchange.send();
  });

// The place of what has the focus in the table: the line's address and number, and whether it is the line's button.
const placeOfFocus = () => {
  const row = document.activeElement?.closest("#files tbody tr");
  if (!row) return null;
  return { address: row.querySelector("a[href]")?.href, index: row.rowIndex, isButton: document.activeElement.matches("button") };
};

const focusAgain = ({ address, index, isButton }) => {
  const rows = [...document.getElementById("files").rows];
  const row = rows.find((candidate) => candidate.querySelector("a[href]")?.href === address) ?? rows[Math.min(index, rows.length - 1)];
  const target = row?.querySelector(isButton ? "button" : "a[href]") ?? document.getElementById("files");
  target.focus({ preventScroll: true });
};

// Shows the folder as it is now; what is scrolled, focused and filtered stays so.
const refresh = async () => {
  const page = await fetchPage();
  if (!page?.getElementById("files")) return;
  const place = placeOfFocus();
  for (const part of ["#files thead", "#files tbody", "#count"]) {
    document.querySelector(part).replaceChildren(...document.adoptNode(page.querySelector(part)).childNodes);
  }
  const readme = page.querySelector(".readme");
  document.querySelector(".readme")?.remove();
  if (readme !== null) listing.append(document.adoptNode(readme));
  prepare();
  if (place !== null) focusAgain(place);
};

if ("delete" in listing.dataset) addButtons = offerDeletion(listing, refresh);
if ("upload" in listing.dataset) offerUploads(listing, refresh);
prepare();
if (entries.length <= ENTRIES_MAX && isWhole) filterAsOneTypes();
