// Where the files to be uploaded come from: the chooser for files, the one for folders, or something dropped on the page.

// More at once are a matter for other programs.
export const FILES_MAX = 10000;

// What was chosen or dropped: `found` has {file, path}, with the folders it lies in as part of the path. Files that folders hide
// (their names begin with a dot, and servers don't store such) are only counted, as are those that can't be read.
const newHarvest = () => ({ found: [], hidden: 0, unreadable: 0, full: false });

const take = (harvest, file, path) => {
  if (harvest.found.length >= FILES_MAX) {
    harvest.full = true;
  } else if (path.includes("/") && path.split("/").some((part) => part.startsWith("."))) {
    harvest.hidden += 1;
  } else {
    harvest.found.push({ file, path });
  }
};

export const filesChosen = (input) => {
  const harvest = newHarvest();
  for (const file of input.files) take(harvest, file, file.webkitRelativePath || file.name);
  return harvest;
};

const promised = (entry, call) => new Promise((resolve, reject) => entry[call](resolve, reject));

const walk = async (harvest, entry) => {
  if (harvest.full) return;
  try {
    if (entry.isFile) {
      const file = await promised(entry, "file");
      take(harvest, file, entry.fullPath.replace(/^\/+/, ""));
      return;
    }
    if (entry.name.startsWith(".")) {
      harvest.hidden += 1;
      return;
    }
    const reader = entry.createReader();
    // They come in portions; an empty one is the end.
    for (let portion = await promised(reader, "readEntries"); portion.length > 0; portion = await promised(reader, "readEntries")) {
      for (const child of portion) await walk(harvest, child);
    }
  } catch {
    harvest.unreadable += 1;
  }
};

export const filesDropped = async (data) => {
  const harvest = newHarvest();
  // Only valid until the first wait.
  const things = [...data.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  for (const thing of things) {
    if (thing instanceof File) {
      take(harvest, thing, thing.name);
    } else if (thing !== null) {
      await walk(harvest, thing);
    }
  }
  return harvest;
};
