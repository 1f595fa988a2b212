"""A real site as a whole: Python's documentation as Debian ships it, fetched by wget and compared byte by byte."""

import pathlib
import re
import signal
import subprocess
import urllib.parse

import pytest

from clients import RawConnection, needs

DOCUMENTS = pathlib.Path("/usr/share/doc/python3-doc/html")
SITE = """
error_log error.log
access_log access.log
server {
  listen 127.0.0.1:@PORT@
  location / {
    root /usr/share/doc/python3-doc/html
    symlink_roots /usr/share/javascript
  }
}
"""
CRAWL_TIMEOUT = 600.0  # seconds for about a thousand files


@needs("wget")
@pytest.mark.skipif(not (DOCUMENTS / "index.html").exists(), reason="python3-doc is not installed")
def test_every_file_that_wget_finds_is_the_file_on_the_disk(brilliant):
    server = brilliant.start(SITE, error_log="error.log")
    copy = brilliant.folder / "copy"
    result = subprocess.run(
        ["wget", "--no-config", "--recursive", "--level=inf", "--no-host-directories", "--no-verbose", "--no-proxy", "--tries=1",
         "--timeout=30", "--execute=robots=off", "--restrict-file-names=unix", f"--directory-prefix={copy}",
         f"http://127.0.0.1:{server.port}/"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CRAWL_TIMEOUT, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    # 8 is wget's word for "the server answered with an error"; which ones it may is looked at below.
    assert result.returncode in (0, 8), result.stderr[-3000:]

    fetched = [path for path in copy.rglob("*") if path.is_file()]
    assert len(fetched) > 500
    for path in fetched:
        name = str(path.relative_to(copy)).partition("?")[0]
        assert path.read_bytes() == (DOCUMENTS / name).read_bytes(), name
    # The scripts come through links out of the root, which the configuration allows.
    assert (DOCUMENTS / "_static/jquery.js").is_symlink()
    assert (copy / "_static/jquery.js").exists()

    assert server.stop(signal.SIGQUIT) == 0
    answers = re.findall(r'"(?:GET|HEAD) (\S+) HTTP/1\.1" (\d+) ', (brilliant.folder / "access.log").read_text())
    assert len(answers) >= len(fetched)
    for target, status in answers:
        # A few links of the documents lead to files that the package does not have.
        name = urllib.parse.unquote(target.partition("?")[0]).lstrip("/")
        path = DOCUMENTS / name
        exists = path.is_file() or (name == "" or name.endswith("/")) and (path / "index.html").is_file()
        assert (target, status) == (target, "200" if exists else "404")
    assert len({target for target, status in answers if status == "404"}) < 20
    assert not re.search(r" (warn|error): ", server.log())


@needs("wget")
@pytest.mark.skipif(not (DOCUMENTS / "index.html").exists(), reason="python3-doc is not installed")
def test_every_file_of_the_folder_arrives_whether_it_is_linked_or_not(brilliant):
    server = brilliant.start(SITE, error_log="error.log")
    count = 0
    with RawConnection(server) as connection:
        for path in sorted(DOCUMENTS.rglob("*")):
            name = path.relative_to(DOCUMENTS)
            if not path.is_file() or any(part.startswith(".") for part in name.parts):
                continue
            reply = connection.get("/" + urllib.parse.quote(str(name)))
            assert (str(name), reply.status) == (str(name), 200)
            assert reply.body == path.read_bytes(), name
            count += 1
    assert count > 500
