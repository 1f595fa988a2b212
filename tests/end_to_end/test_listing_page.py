"""The page of a folder's listing in a browser: what people do with it, and what names of files can't do to it."""

from clients import drive, needs_driver

pytestmark = needs_driver

SITE = """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; autoindex on; methods GET POST DELETE; upload_path /; upload_mkdir on; body_max 12m; trash @FOLDER@/trash }
  location /flat { root @FOLDER@/flat; autoindex on; methods GET POST; upload_path / }
}
"""
PLAIN = {"www/chapter 2.txt": "2", "www/chapter 10.txt": "ten", "www/photos/sea.jpg": "sea", "www/photos/hill.jpg": "hill",
         "www/README.md": "# Hello"}


def start(brilliant, files):
    """A site whose folders the server may write to."""
    brilliant.write(files)
    for folder in ("www", "flat", "trash"):
        (brilliant.folder / folder).mkdir(exist_ok=True)
        for path in [brilliant.folder / folder, *(brilliant.folder / folder).rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
    return brilliant.start(SITE, error_log="error.log")


def address(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


def test_one_looks_around(brilliant):
    server = start(brilliant, PLAIN)
    seen, complaints = drive(brilliant.folder, "listing_browse.js", url=address(server))
    assert complaints == []
    in_order = ["photos", "chapter 2.txt", "chapter 10.txt", "README.md"]
    assert seen["home"] == seen["homeAgain"] == in_order
    assert seen["largestFirst"] == ["photos", "README.md", "chapter 10.txt", "chapter 2.txt"]
    assert seen["smallestFirst"] == ["photos", "chapter 2.txt", "chapter 10.txt", "README.md"]
    assert seen["filtered"] == ["chapter 10.txt"] and seen["count"] == "1 of 4"
    assert seen["unfiltered"] == seen["smallestFirst"]
    assert seen["photos"] == ["hill.jpg", "sea.jpg"]


def test_files_and_folders_are_uploaded_followed_cancelled_and_tried_again(brilliant):
    server = start(brilliant, {"www/old.txt": "old", "mine/top.txt": "top", "mine/inner/deep.txt": "deep", "mine/inner/.secret": "no",
                               "mine/inner/x #1.txt": "x"})
    seen, complaints = drive(brilliant.folder, "listing_upload.js", url=address(server), flat=address(server, "/flat/"),
                             tree=str(brilliant.folder / "mine"))
    assert complaints == []
    www = brilliant.folder / "www"

    assert seen["choose"] == {"focused": "old.txt", "renamed": "The name was taken: stored as one_1.html"}
    assert [(www / name).read_text() for name in ("one.html", "two & 2%.txt", "drei ß.txt")] == [
        "chosen one.html", "chosen two & 2%.txt", "chosen drei ß.txt"]
    assert (www / "one_1.html").read_text() == "another"

    assert seen["drop"] == {"invited": True, "veiled": False}
    assert [(www / name).read_text() for name in ("a.txt", "b.txt", "c.txt")] == ["dropped a.txt", "dropped b.txt", "dropped c.txt"]

    assert seen["folder"]["remark"] == "1 file left out that folders hide (names with a dot in front)."
    assert [(www / "mine" / name).read_text() for name in ("top.txt", "inner/deep.txt", "inner/x #1.txt")] == ["top", "deep", "x"]
    assert not (www / "mine/inner/.secret").exists()

    values = seen["cancel"]["values"]
    assert values == sorted(set(values)) and values[-1] <= 8_000_000
    assert "MB/s" in seen["cancel"]["pace"] or "kB/s" in seen["cancel"]["pace"], seen["cancel"]
    assert seen["cancel"]["pace"].endswith(" left")
    assert seen["cancel"]["listed"] == 0 and not (www / "goes.bin").exists()
    assert (www / "stays.bin").stat().st_size == 8_000_000

    assert seen["retry"]["note"] == "The connection was lost, or the file can no longer be read."
    assert seen["retry"]["spoken"].startswith("0 files uploaded, 1 failed. again.txt: The connection was lost")
    assert (www / "again.txt").read_text() == "at last"

    assert seen["refuse"][".hidden"] == "The server does not take this. Names that begin with a dot are not stored."
    assert seen["refusals"][:1] == ["400"] and set(seen["refusals"][1:]) == {"404"}  # huge.bin was not sent
    assert seen["refuse"]["huge.bin"].startswith("The file is larger than this server takes")
    assert len(seen["flat"]["lines"]) == 3 and all("“upload_mkdir on”" in line for line in seen["flat"]["lines"])
    assert list((brilliant.folder / "flat").iterdir()) == []
    assert not [path for path in www.rglob("*") if path.name.startswith(".")]


def test_deletion_asks_first_and_can_be_undone(brilliant):
    server = start(brilliant, {"www/a.txt": "a", "www/b.txt": "b", "www/full/c.txt": "c"})
    seen, complaints = drive(brilliant.folder, "listing_delete.js", url=address(server))
    assert complaints == []
    assert "Delete b.txt?" in seen["question"]
    assert seen["kept"] == seen["back"] == ["full", "a.txt", "b.txt"]
    assert seen["focusAfterNo"] == "Delete b.txt"
    assert seen["deleted"] == ["full", "a.txt"]
    assert seen["focusAfterYes"] == "Undo"
    assert (brilliant.folder / "www/b.txt").read_text() == "b"
    assert seen["refusals"] == ["409"] and "full was not deleted." in seen["refusal"]
    assert (brilliant.folder / "www/full/c.txt").exists()


HOSTILE = [b"<img src=x onerror=\"document.title='hacked'\">.txt", b"\"onmouseover=\"hacked=1\" x=\".txt", b"' onfocus='hacked=1.txt",
           b"<script>hacked=1<", b"&lt;b&gt;&amp;.txt", b"javascript:hacked=1", b"#frag?query=1&b=%41.txt", b"%2e%2e%2f.txt",
           "\u202egpj.exe".encode(), "a\u2066b\u2069.txt".encode(), b"\xff\xfe invalid.txt", b"{{rows}}{{readme}}", b"back\\slash.txt",
           b" blanks .txt", b"--><svg onload=hacked=1>", b"]]>.txt"]


def test_names_run_nothing_and_lead_to_the_very_file(brilliant):
    uploads = ["<img src=y onerror=\"document.title='hacked'\">.html", "'\"><svg onload=hacked=1>.svg", "\u202egnp.html"]
    (brilliant.folder / "www").mkdir()
    contents = {}
    for index, name in enumerate([*HOSTILE, b"new\nline<img src=z onerror=hacked=1>.txt"]):
        contents[f"content {index}"] = name
        (brilliant.folder / "www").joinpath(name.decode(errors="surrogateescape")).write_text(f"content {index}")
    server = start(brilliant, {})
    seen, complaints = drive(brilliant.folder, "listing_names.js", url=address(server), uploads=uploads)
    assert complaints == []
    assert seen["before"] == seen["after"] == "Files" and seen["hacked"] == "undefined"
    assert all(row["elements"] == 0 for row in seen["rows"]), seen["rows"]
    assert len(seen["rows"]) == len(HOSTILE) + 1 + len(uploads)
    linked = sorted(row["content"] for row in seen["rows"] if row["content"] is not None)
    assert linked == sorted([f"content {index}" for index in range(len(HOSTILE))] + ["uploaded"] * len(uploads))
    shown = {row["content"]: row["text"] for row in seen["rows"]}
    for index in (0, 1, 2, 3, 4, 5, 6, 7):
        assert shown[f"content {index}"] == HOSTILE[index].decode()
    assert not {path.rsplit("/", 1)[-1] for path in seen["requests"]} & {"x", "y", "z"}
    stored = {path.name for path in (brilliant.folder / "www").iterdir()}
    assert set(uploads) <= stored


def test_without_scripts_one_browses_sorts_and_uploads(brilliant):
    server = start(brilliant, PLAIN)
    seen, complaints = drive(brilliant.folder, "listing_plain.js", url=address(server))
    assert complaints == []
    assert seen["buttons"] == ["Upload", "Filter"]
    assert seen["sorted"] == ["photos", "README.md", "chapter 10.txt", "chapter 2.txt"]
    assert seen["filtered"] == ["chapter 10.txt", "chapter 2.txt"]
    assert seen["stored"] == "2 files were stored" and seen["links"] == ["x.txt", "y.txt"]
    assert {"x.txt", "y.txt"} <= set(seen["listed"])
    assert (brilliant.folder / "www/y.txt").read_text() == "form y"
