// Comfort for folder listings (listing.html says what there is to rely on). The page's Content-Security-Policy forbids to make HTML or
// scripts of text (trusted types): build elements, set textContent.

// A longer page is left as it came: searching and rewriting it would hold the browser up.
const ENTRIES_MAX = 20000;

const count = document.getElementById("count");
const entries = [...document.querySelectorAll("#files tbody tr:not(.up)")];

const filterAsOneTypes = () => {
  const field = document.getElementById("filter");
  // The server has left names out: it must be asked again.
  if (field.value !== "") return;
  document.documentElement.classList.add("scripted");
  const fold = (text) => text.normalize("NFC").toLocaleLowerCase();
  const names = entries.map((row) => fold(row.cells[0].textContent));
  const all = [...count.childNodes];
  const show = () => {
    const wanted = fold(field.value.trim());
    let shown = 0;
    entries.forEach((row, index) => {
      const fits = names[index].includes(wanted);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    if (wanted === "") {
      count.replaceChildren(...all);
    } else {
      count.textContent = `${shown.toLocaleString()} of ${entries.length.toLocaleString()}`;
    }
  };
  field.addEventListener("input", show);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  // What stood in the field before a reload is there again.
  show();
};

const showLocalTimes = () => {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("#files time")) {
    time.title = time.dateTime;
    time.textContent = format.format(new Date(time.dateTime));
  }
  document.querySelector(".zone")?.remove();
};

if (entries.length <= ENTRIES_MAX) {
  filterAsOneTypes();
  showLocalTimes();
}
