"""Who may do what: passwords, fields and caches of a site's own, single-page applications."""

import base64
import json
import os
import re
import subprocess

import pytest

from brilliant import run, wait_until
from clients import RawConnection, curl, needs, root_only

SITE = """
error_log error.log
access_log access.log json
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /staff { root @FOLDER@/staff; auth_basic "Staff \\"only\\"" users }
}
"""
FILES = {"www/index.html": "start\n", "staff/index.html": "staff\n"}
# ann:secret, bcrypt with its least cost.
ANN = "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"


def start(brilliant, config=SITE, files=None, **options):
    return brilliant.start(config, files=FILES | {"users": ANN} | (files or {}), error_log="error.log", **options)


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def status(server, user, password, target="/staff/", **options):
    return server.get(target, headers=basic(user, password), **options).status


def htpasswd(path, user, password, *options):
    subprocess.run(["htpasswd", "-b", *options, str(path), user, password], check=True, capture_output=True)
    path.chmod(0o644)


# ---- auth_basic

@needs("curl")
def test_curl_comes_in_with_the_right_password(brilliant):
    server = start(brilliant)
    url = f"http://127.0.0.1:{server.port}/staff/"
    assert curl("-u", "ann:secret", url).stdout == b"staff\n"
    assert curl("--anyauth", "-u", "ann:secret", url).stdout == b"staff\n"
    refused = curl("-i", "-u", "ann:wrong", url).stdout.decode()
    assert refused.startswith("HTTP/1.1 401 Unauthorized\r\n")
    assert '\r\nWWW-Authenticate: Basic realm="Staff \\"only\\"", charset="UTF-8"\r\n' in refused
    assert "staff\n" not in refused
    assert curl("-f", url, check=False).returncode == 22
    assert curl(f"http://127.0.0.1:{server.port}/").stdout == b"start\n"


@needs("htpasswd")
def test_what_htpasswd_writes_counts_without_a_reload(brilliant):
    server = start(brilliant, workers=1)
    users = brilliant.folder / "users"
    htpasswd(users, "bob", "pass:word ö", "-B", "-C", "4")
    wait_until(lambda: status(server, "bob", "pass:word ö") == 200, "the new user")
    assert status(server, "ann", "secret") == 200
    htpasswd(users, "bob", "changed", "-B", "-C", "4")
    wait_until(lambda: status(server, "bob", "pass:word ö") == 401, "the end of the old password")
    assert status(server, "bob", "changed") == 200
    subprocess.run(["htpasswd", "-D", str(users), "bob"], check=True, capture_output=True)
    users.chmod(0o644)
    wait_until(lambda: status(server, "bob", "changed") == 401, "the end of the user")


@needs("htpasswd")
@pytest.mark.parametrize("kind", ["-m", "-d", "-s", "-p"])
def test_weak_kinds_of_htpasswd_let_nobody_in(brilliant, kind):
    server = start(brilliant, workers=1)
    htpasswd(brilliant.folder / "users", "bob", "secret", kind)
    wait_until(lambda: server.get("/staff/", headers=basic("ann", "secret")).status == 200 and "lets nobody in" in server.log(), "the new file")
    assert status(server, "bob", "secret") == 401
    assert server.wait_log(r"warn: password file has hashes of a kind .* entries=1 first_line=2")


@needs("mkpasswd")
@pytest.mark.parametrize("method", ["bcrypt", "sha-512", "sha-256", "yescrypt", "gost-yescrypt"])
def test_every_accepted_kind_of_mkpasswd_comes_in(brilliant, method):
    made = subprocess.run(["mkpasswd", "-m", method, "secret"], capture_output=True, text=True, check=True).stdout
    server = start(brilliant, files={"users": f"bob:{made}"}, workers=1)
    assert status(server, "bob", "secret") == 200
    assert status(server, "bob", "secret2") == 401


def test_a_server_is_guarded_and_locations_may_differ(brilliant):
    server = start(brilliant, """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  auth_basic All users
  location / { root @FOLDER@/www }
  location /open { root @FOLDER@/www; auth_basic off }
  location /own { root @FOLDER@/www; auth_basic Own own-users }
  location /write { root @FOLDER@/www; methods GET PUT; auth_basic Write users PUT }
  location /go { redirect_to /secret-place }
}
""", {"own-users": ANN.replace("ann", "own")})
    assert server.get("/").status == 401
    assert server.get("/go").status == 401
    assert b"secret-place" not in server.get("/go").body
    assert server.get("/open/").body == b"start\n"
    assert status(server, "ann", "secret", "/own/") == 401
    assert status(server, "own", "secret", "/own/") == 200
    assert status(server, "ann", "secret", "/") == 200
    assert server.get("/write/").body == b"start\n"
    assert server.request("PUT", "/write/x", body=b"x").status == 401
    assert server.request("OPTIONS", "/").status == 401
    assert server.request("OPTIONS", "/write/").status == 204


def test_scripts_are_guarded_by_the_location_they_stand_in(brilliant):
    script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s %s' \"$AUTH_TYPE\" \"$REMOTE_USER\"\n"
    names = ("www/x.sh", "www/staff/x.sh", "www/staff/index.sh", "www/staff/open/x.sh")
    brilliant.write({name: script for name in names})
    server = start(brilliant, """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /staff { root @FOLDER@/www/staff; index index.sh; auth_basic Staff users; add_header X-Place staff }
  location /staff/open { root @FOLDER@/www/staff/open; auth_basic off }
  cgi .sh { root @FOLDER@/www; methods GET POST }
}
server {
  listen 127.0.0.1:@PORT2@
  auth_basic All users
  location /open { root @FOLDER@/www; auth_basic off }
  cgi .sh { root @FOLDER@/www }
}
""")
    for target in ("/staff/x.sh", "/staff/x.sh/more", "/staff/", "/staff/./x.sh?a=b", "/open/../staff/x.sh"):
        assert server.get(target).status == 401, target
        assert server.request("POST", target, body=b"x").status == 401, target
        assert server.get(target, headers=basic("ann", "secret")).body == b"Basic ann", target
    assert server.get("/staff/x.sh", headers=basic("ann", "secret")).headers["X-Place"] == "staff"
    assert server.get("/staff/x.sh").headers["X-Place"] is None  # 401 is not among the statuses that have it
    assert server.get("/x.sh").headers["X-Place"] is None
    assert server.get("/x.sh").body == b" "
    assert server.get("/staff/open/x.sh").body == b" "
    assert server.get("/x.sh", port=server.ports[1]).status == 401
    assert server.get("/staff/x.sh", port=server.ports[1]).status == 401
    assert server.get("/x.sh", port=server.ports[1], headers=basic("ann", "secret")).body == b"Basic ann"


def test_content_is_not_asked_for_in_vain(brilliant):
    server = start(brilliant)
    with RawConnection(server) as client:
        client.send(b"PUT /staff/x HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
        reply = client.read()
        assert reply.status == 401
        assert not reply.persists
        assert client.ended()
    with RawConnection(server) as client:
        client.send(b"PUT /staff/x HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc")
        reply = client.read()
        assert reply.status == 401
        assert reply.persists
        assert client.get("/").body == b"start\n"


@needs("curl")
def test_an_upload_by_curl_ends_with_401(brilliant, tmp_path):
    server = start(brilliant)
    large = tmp_path / "large"
    large.write_bytes(b"x" * (8 << 20))
    result = curl("-s", "-o", "/dev/null", "-w", "%{http_code}", "-T", large, f"http://127.0.0.1:{server.port}/staff/large", check=False)
    assert result.stdout == b"401"


def test_the_logs_name_who_came_in_and_who_did_not(brilliant):
    name = 'b "\u00f6\u202e'
    server = start(brilliant, files={"users": ANN + ANN.replace("ann", name)})
    assert status(server, "ann", "secret") == 200
    assert status(server, name, "secret") == 200
    assert status(server, "ann", "wrong") == 401
    assert server.get("/").status == 200
    log = brilliant.folder / "access.log"
    lines = wait_until(lambda: (lines := log.read_text().splitlines()) and len(lines) == 4 and lines, "four lines")
    assert sorted((entry["user"], entry["status"]) for entry in map(json.loads, lines)) == [("", 200), ("", 401), ("ann", 200), (name, 200)]
    server.wait_log(r"notice: password refused client=127\.0\.0\.1 user=ann file=\S+/users")
    for text in (server.log(), log.read_text()):
        assert "wrong" not in text and "secret" not in text
        assert "\u202e" not in text


def test_without_a_password_file_nobody_comes_in_until_it_is_there(brilliant):
    server = start(brilliant)
    users = brilliant.folder / "users"
    users.unlink()
    wait_until(lambda: status(server, "ann", "secret") == 500, "the end of the file")
    server.wait_log(r"error: password file not read, nobody comes in: .* file=\S+/users call=open")
    users.write_text("no colon\n")
    wait_until(lambda: status(server, "ann", "secret") == 500 and "password file not understood" in server.log(), "the damaged file")
    users.write_text(ANN)
    wait_until(lambda: status(server, "ann", "secret") == 200, "the new file")
    assert server.get("/").status == 200


@root_only
def test_the_check_looks_at_the_file_as_the_workers_will(brilliant):
    server = start(brilliant, "user nobody\n" + SITE)
    users = brilliant.folder / "users"
    config = brilliant.folder / "site.conf"
    assert run("--check", "--strict", config).returncode == 0
    users.chmod(0o600)
    result = run("--check", config)
    assert result.returncode == 0
    assert re.search(r"warning: password file \S+/users: this user may not read .*: permission r is missing", result.stdout + result.stderr)
    assert run("--check", "--strict", config).returncode == 1
    wait_until(lambda: status(server, "ann", "secret") == 500, "the end of the permission")


def test_many_who_guess_do_not_hold_up_who_is_known(brilliant):
    server = start(brilliant, workers=1)
    assert status(server, "ann", "secret") == 200
    guess = "".join(f"{name}: {value}\r\n" for name, value in basic("ann", "guess").items())
    guessers = [RawConnection(server) for _ in range(100)]
    try:
        for guesser in guessers:
            guesser.send(f"GET /staff/ HTTP/1.1\r\nHost: test\r\n{guess}\r\n".encode())
        with RawConnection(server) as known:
            for _ in range(20):
                fields = f"Authorization: {basic('ann', 'secret')['Authorization']}\r\n"
                assert known.get("/staff/", fields).body == b"staff\n"
                assert known.get("/").body == b"start\n"
        statuses = [guesser.read().status for guesser in guessers]
        assert set(statuses) <= {401, 503}
        assert 401 in statuses
    finally:
        for guesser in guessers:
            guesser.close()


# ---- fields, caches, fallback

PAGES = """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  add_header X-Frame-Options DENY
  add_header Strict-Transport-Security max-age=60 always
  cache_control no-cache
  location / { root @FOLDER@/www; fallback index.html }
  location /assets {
    root @FOLDER@/assets
    cache_control public max-age=31536000 immutable
    add_header x-frame-options ""
    add_header Server ""
  }
}
"""


def start_pages(brilliant, **options):
    return start(brilliant, PAGES, {"assets/large.js": "x" * 100_000, "assets/small.js": "x"}, **options)


def test_fields_come_from_the_server_and_the_location(brilliant):
    server = start_pages(brilliant)
    page = server.get("/").headers
    assert page["X-Frame-Options"] == "DENY"
    assert page["Cache-Control"] == "no-cache"
    assert page["Server"] == "BrilliantServer"
    for name in ("small.js", "large.js"):
        asset = server.get("/assets/" + name).headers
        assert asset["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset["Strict-Transport-Security"] == "max-age=60"
        assert asset["X-Frame-Options"] is None
        assert asset["Server"] is None
        unchanged = server.get("/assets/" + name, headers={"If-None-Match": asset["ETag"]})
        assert unchanged.status == 304
        assert unchanged.headers["Cache-Control"] == asset["Cache-Control"]
    missing = server.get("/assets/none.js")
    assert missing.status == 404
    assert missing.headers["Cache-Control"] == "no-store"
    assert missing.headers["Strict-Transport-Security"] == "max-age=60"
    assert missing.headers["X-Frame-Options"] is None


def test_a_single_page_application_has_its_addresses(brilliant):
    server = start_pages(brilliant)
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for target in ("/users/7", "/users/7/", "/settings?tab=2"):
        answer = server.get(target)
        assert (answer.status, answer.body) == (200, b"start\n"), target
        assert answer.headers["ETag"] == server.get("/").headers["ETag"]
    assert server.get("/users/jane.doe", headers=browser).body == b"start\n"
    assert server.get("/users/jane.doe").status == 404
    for target in ("/app.js", "/css/site.css", "/favicon.ico", "/.env", "/.well-known/none"):
        assert server.get(target, headers=browser).status == 404, target
    assert server.request("HEAD", "/users/7").status == 200


def test_a_missing_fallback_is_404_and_the_check_and_the_log_say_so(brilliant):
    server = start_pages(brilliant)
    os.unlink(brilliant.folder / "www/index.html")
    wait_until(lambda: server.get("/users/7").status == 404, "the end of the file")
    server.wait_log(r"warn: the fallback is no file root=\S+/www fallback=/index\.html")
    result = run("--check", brilliant.folder / "site.conf")
    assert re.search(r"warning: fallback \S+/www/index\.html: ", result.stdout + result.stderr)
