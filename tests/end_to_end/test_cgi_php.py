"""PHP behind the server, as examples/php.conf has it, and an application in it: DokuWiki, used through a browser."""

import os
import pathlib
import re
import shutil

import pytest

from clients import RawConnection, curl, drive, needs, needs_driver

pytestmark = needs("php-cgi")

MARKER = "MARKER-OF-SOURCE"
VARIABLES = f"""<?php // {MARKER}
header('Content-Type: text/plain');
foreach (['REDIRECT_STATUS', 'SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_INFO', 'PATH_TRANSLATED', 'QUERY_STRING', 'REQUEST_URI',
          'PHP_SELF', 'DOCUMENT_ROOT', 'GATEWAY_INTERFACE', 'argc'] as $name)
  echo $name, '=', isset($_SERVER[$name]) ? $_SERVER[$name] : '(none)', "\\n";
"""
UPLOAD = """<?php
header('Content-Type: text/plain');
foreach ($_POST as $name => $value) echo "$name=$value\\n";
foreach ($_FILES as $name => $file)
  echo "$name:", $file['name'], ':', $file['size'], ':', $file['error'], ':', hash_file('sha256', $file['tmp_name']), "\\n";
"""
SESSION = """<?php
session_save_path(dirname(__DIR__) . '/sessions');
session_start();
$_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
setcookie('second', 'a b;c');
header('Content-Type: text/plain');
echo $_SESSION['count'], ' ', $_COOKIE['x'] ?? '-';
"""


def start(brilliant, pages, rule=""):
    """A server as in the example, with these pages below srv/www."""
    brilliant.write({f"srv/www/{name}": text for name, text in pages.items()})
    brilliant.write({"srv/www-users": "", "srv/www/uploads/.keep": ""})
    (brilliant.folder / "srv/sessions").mkdir()
    brilliant.give_to_server(brilliant.folder / "srv")
    text = brilliant.example("php.conf").replace("cgi_processes_max 8", f"cgi_processes_max 8; {rule}")
    return brilliant.start("error_log error.log info\n" + text, error_log="error.log")


def test_what_php_knows_of_a_request(brilliant):
    server = start(brilliant, {"dir/env.php": VARIABLES})
    www = f"{brilliant.folder}/srv/www"
    assert server.get("/dir/env.php/more/x%20y?a=b").body.decode() == f"""REDIRECT_STATUS=200
SCRIPT_NAME=/dir/env.php
SCRIPT_FILENAME={www}/dir/env.php
PATH_INFO=/more/x y
PATH_TRANSLATED={www}/more/x y
QUERY_STRING=a=b
REQUEST_URI=/dir/env.php/more/x%20y?a=b
PHP_SELF=/dir/env.php/more/x y
DOCUMENT_ROOT={www}
GATEWAY_INTERFACE=CGI/1.1
argc=(none)
"""
    assert b"PATH_INFO=(none)\n" in server.get("/dir/env.php").body


def test_an_index_in_php_answers_for_its_folder(brilliant):
    server = start(brilliant, {"blog/index.php": "<?php echo $_SERVER['SCRIPT_NAME'];"})
    answer = server.get("/blog/")
    assert answer.body == b"/blog/index.php" and answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert server.get("/blog").headers["Location"] == "/blog/"


def test_forms_and_uploads(brilliant):
    server = start(brilliant, {"up.php": UPLOAD})
    url = f"http://127.0.0.1:{server.port}/up.php"
    assert curl("-d", "a=1+2", "--data-urlencode", "b=\u00fc&=", url).stdout.decode() == "a=1 2\nb=\u00fc&=\n"
    content = os.urandom(1_500_000)
    (brilliant.folder / "a file.bin").write_bytes(content)
    form = ["-F", "name=value", "-F", f"file=@{brilliant.folder}/a file.bin"]
    expected = f"name=value\nfile:a file.bin:{len(content)}:0:"
    plain = curl(*form, url).stdout.decode()
    assert plain.startswith(expected)
    # Chunked, it arrives the same: PHP reads no more than CONTENT_LENGTH says.
    assert curl(*form, "-H", "Transfer-Encoding: chunked", url).stdout.decode() == plain
    assert curl(*form, "-H", "Expect: 100-continue", url).stdout.decode() == plain


def test_sessions_and_cookies(brilliant):
    server = start(brilliant, {"session.php": SESSION})
    first = server.get("/session.php")
    cookies = first.headers.get_all("Set-Cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["PHPSESSID", "second"] and "a%20b%3Bc" in cookies[1]
    session = cookies[0].split(";")[0]
    assert server.get("/session.php", headers={"Cookie": session}).body == b"2 -"
    with RawConnection(server) as connection:  # two fields are one
        fields = f"Host: h\r\nCookie: x=y\r\nCookie: {session}\r\nConnection: close\r\n"
        connection.send(f"GET /session.php HTTP/1.1\r\n{fields}\r\n".encode())
        assert b"3 y" in connection.file.read()


def test_status_redirects_and_errors(brilliant):
    server = start(brilliant, {
        "gone.php": "<?php http_response_code(410); echo 'gone';",
        "away.php": "<?php header('Location: /else.php?x'); setcookie('a', 'b');",
        "head.php": "<?php header(\"X-A: 1\\r\\nX-B: 2\"); echo 'x';",
        "fatal.php": "<?php error_log('what happened'); no_such_function();",
        "long.php": "<?php header('Content-Length: 3'); echo 'abcdef';",
        "not-modified.php": "<?php http_response_code(304); header('ETag: \"x\"');",
    })
    gone = server.get("/gone.php")
    assert (gone.status, gone.body) == (410, b"gone")
    away = server.get("/away.php")
    assert (away.status, away.headers["Location"], away.headers["Set-Cookie"]) == (302, "/else.php?x", "a=b")
    assert server.get("/head.php").headers["X-B"] is None  # PHP itself sees to that
    assert server.get("/long.php").body == b"abc"
    unchanged = server.get("/not-modified.php")
    assert (unchanged.status, unchanged.headers["ETag"], unchanged.body) == (304, '"x"', b"")
    fatal = server.get("/fatal.php")
    assert fatal.status == 500 and MARKER.encode() not in fatal.body
    server.wait_log("what happened")
    server.wait_log("no_such_function")


OPTIONS = [
    "-s", "-d+allow_url_include%3d1", "-d+auto_prepend_file%3dphp://input", "%2ds", "%2Ds", "x+-s", "+-s", "%ADs", "%ADd+a%3d1",
    "%C2%ADs", "--", "-", "%20-s", "%09-s", "-T+1000", "-i", "-n"]


@pytest.mark.parametrize("rule", ["", "cgi_search_words on"])
def test_no_query_is_an_option_of_php(brilliant, rule):
    """CVE-2012-1823 and CVE-2024-4577: `?-s` shows the source, `?-d...` runs what the client sends."""
    server = start(brilliant, {"env.php": VARIABLES}, rule)
    for query in OPTIONS:
        answer = server.request("POST", f"/env.php?{query}", body=b"<?php echo 'IN' . 'JECTED';")
        assert MARKER.encode() not in answer.body and b"INJECTED" not in answer.body, query
        got = server.get(f"/env.php?{query}").body.decode()
        assert MARKER not in got and f"QUERY_STRING={query}\n" in got and "REDIRECT_STATUS=200\n" in got, query


def test_search_words_are_arguments_of_php_if_asked(brilliant):
    """The test above would prove nothing if no word ever got through: here one does."""
    words = "<?php echo file_get_contents('/proc/self/cmdline');"
    server = start(brilliant, {"words.php": words}, "cgi_search_words on")
    script = f"{brilliant.folder}/srv/www/words.php"
    assert server.get("/words.php?one+t%20wo").body.decode().split("\0")[1:-1] == [script, "one", "t wo"]
    assert server.get("/words.php?one+-two").body.decode().split("\0")[1:-1] == [script]


def test_a_picture_with_a_script_below_it_runs_nothing(brilliant):
    code = f"<?php echo 'IN' . 'JECTED'; // {MARKER}"
    server = start(brilliant, dict.fromkeys(("evil.jpg", "uploads/evil.php", "uploads/evil.jpg"), code))
    for target in ("/evil.jpg/x.php", "/evil.jpg%00.php", "/evil.jpg/.php", "/evil.jpg/%2e%2e/x.php", "/uploads/evil.php",
                   "/uploads/evil.jpg/x.php", "/uploads/evil.php/x.php", "/evil.jpg/x.php/y.php"):
        answer = server.get(target)
        assert answer.status in (400, 401, 403, 404), (target, answer.status)
        assert b"INJECTED" not in answer.body and MARKER.encode() not in answer.body


# ---- DokuWiki

WIKI = pathlib.Path("/usr/share/dokuwiki")
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
                        "53de0000000c49444154789c63d8e7f41f0003d001ff0a3b02ca0000000049454e44ae426082")


def install_wiki(brilliant):
    """The package's files as a wiki of the test's own, as upstream lays them out: not yet set up."""
    wiki = brilliant.folder / "srv/dokuwiki"
    shutil.copytree(WIKI, wiki, ignore_dangling_symlinks=True)
    (wiki / "inc/preload.php").unlink()  # Debian's places for its files
    shutil.copytree("/etc/dokuwiki", wiki / "conf", ignore_dangling_symlinks=True,
                    ignore=shutil.ignore_patterns("local.php", "acl.auth.php", "users.auth.php", "apache.conf", "lighttpd.conf"))
    defaults = wiki / "conf/dokuwiki.php"
    text, count = re.subn(r"(\['savedir'\] += )'[^']*'", r"\1'./data'", defaults.read_text())
    assert count == 1  # else the wiki would write into the package's own folder
    defaults.write_text(text)
    for name in ("attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "pages", "tmp"):
        (wiki / "data" / name).mkdir(parents=True)
    brilliant.give_to_server(brilliant.folder / "srv")
    return wiki


@needs_driver
@pytest.mark.skipif(not (WIKI / "install.php").exists(), reason="dokuwiki is not installed")
def test_a_wiki_is_set_up_and_used_in_a_browser(brilliant):
    wiki = install_wiki(brilliant)
    server = brilliant.start("error_log error.log info\n" + brilliant.example("dokuwiki.conf"), error_log="error.log")
    (brilliant.folder / "picture.png").write_bytes(PICTURE)
    result, complaints = drive(brilliant.folder, "dokuwiki.js", url=f"http://127.0.0.1:{server.port}",
                               picture=str(brilliant.folder / "picture.png"))
    assert "Edited in a browser: \u00fc <b>" in result["text"]
    assert result["picture"] == [1, 1]
    assert (wiki / "data/pages/start.txt").read_text().startswith("====== Start ======")
    assert (wiki / "data/media/picture.png").read_bytes() == PICTURE
    # A page that is not there yet is a 404 that shows how to write it; logo and icon
    # are not among the files that were copied.
    expected = re.compile(r"/(doku\.php\?id=start\S*|\S*dokuwiki-128\.png|favicon\.ico): .* 404 ")
    assert [text for text in complaints if not expected.search(text)] == []
    for secret in ("conf/users.auth.php", "data/pages/start.txt", "inc/init.php", "conf/local.php", "data/cache/", "vendor/autoload.php",
                   "bin/dwpage.php", "data", "conf%2fusers.auth.php", "./conf/users.auth.php", "data/no/such/file"):
        answer = server.get(f"/{secret}")
        assert answer.status in (303, 400, 401) and b"Start" not in answer.body, secret
    assert not re.search(" error:| critical:", server.log()), server.log()
