"""Pages of other sites: what they can't have a browser do here, and names that lead here without being ours."""

import re

import pytest

from clients import RawConnection, chromium, curl, needs

# The first server is another site, whose pages are hostile; the second has files to be changed.
SITES = """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/evil }
}
server {
  listen 127.0.0.1:@PORT2@
  location / { root @FOLDER@/www; methods GET POST PUT DELETE }
  location /shared { root @FOLDER@/www; methods GET POST PUT DELETE; allowed_origins http://evil.localhost:@PORT@ }
  location /pages { root @FOLDER@/pages }
  location /locked { root @FOLDER@/www }
  location /run { root @FOLDER@/none }
  cgi .sh { root @FOLDER@/scripts; methods GET POST DELETE }
}
"""
FOREIGN = "The Origin of this request is another site"
FORM = """<!doctype html><title>form</title>
<form method=post enctype="{encoding}" action="{action}"><input name=file value=stolen></form>
<script>document.forms[0].submit()</script>"""
SANDBOXED = """<!doctype html><title>frame</title><iframe sandbox="allow-scripts allow-forms" srcdoc="<form method=post action={action}></form>
<script>document.forms[0].submit()</script>"></iframe>"""
FETCH = """<!doctype html><title>waiting</title><script>
fetch("{action}", {{ method: "{method}", mode: "{mode}", body: "stolen" }}).then(
    (answer) => document.title = "answer " + answer.type, (error) => document.title = "refused");
</script>"""


def start(brilliant, files=None):
    script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran %s' \"$REQUEST_METHOD\"\n"
    return brilliant.start(SITES, files={"www/a.txt": "kept\n", "evil/index.html": "", "scripts/run/x.sh": script} | (files or {}), error_log="error.log")


def ask(server, method, target, **fields):
    return server.request(method, target, port=server.ports[1], headers={name.replace("_", "-"): value for name, value in fields.items()})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_foreign_fields_are_refused_and_nothing_has_changed(brilliant, method):
    server = start(brilliant)
    for fields in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                   {"Origin": f"http://127.0.0.1:{server.port}"}, {"Origin": f"http://localhost:{server.ports[1]}"}):
        answer = ask(server, method, "/a.txt", **fields)
        assert answer.status == 403, fields
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert (brilliant.folder / "www/a.txt").read_text() == "kept\n"
    assert server.wait_log(rf"notice: cross-site request refused, see allowed_origins: method={method} host=127\.0\.0\.1")
    assert ask(server, method, "/locked/a.txt", Origin="http://evil.example").status == 405


def test_own_and_allowed_pages_and_programs_are_not_concerned(brilliant):
    server = start(brilliant)
    own = f"http://127.0.0.1:{server.ports[1]}"
    assert ask(server, "DELETE", "/none", Origin=own, Sec_Fetch_Site="same-origin").status != 403
    assert ask(server, "DELETE", "/none", Sec_Fetch_Site="none").status != 403
    assert ask(server, "DELETE", "/none", Origin=own.replace("http", "https")).status != 403
    assert ask(server, "DELETE", "/shared/none", Origin=f"http://evil.localhost:{server.port}", Sec_Fetch_Site="cross-site").status != 403
    assert ask(server, "DELETE", "/shared/none", Origin="http://evil.localhost").status == 403
    for method in ("POST", "DELETE"):
        assert ask(server, method, "/run/x.sh", Origin="http://evil.example", Sec_Fetch_Site="cross-site").body == f"ran {method}".encode()


def test_content_is_refused_before_it_is_sent(brilliant):
    server = start(brilliant)
    with RawConnection(server, port=server.ports[1]) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
        reply = client.read()
        assert reply.status == 403
        assert not reply.persists


@needs("curl")
def test_curl_sends_neither_field_and_is_told_what_is_wrong_if_it_does(brilliant):
    server = start(brilliant)
    url = f"http://127.0.0.1:{server.ports[1]}/a.txt"
    assert FOREIGN not in curl("-X", "DELETE", f"{url}x").stdout.decode()
    assert FOREIGN in curl("-F", "file=@/dev/null", "-H", "Origin: http://evil.example", url).stdout.decode()


@needs("chromium")
@pytest.mark.parametrize("encoding", ["multipart/form-data", "application/x-www-form-urlencoded", "text/plain"])
def test_a_form_of_another_site_changes_nothing(brilliant, encoding):
    server = start(brilliant)
    own = f"http://127.0.0.1:{server.ports[1]}/"
    brilliant.write({"evil/index.html": FORM.format(encoding=encoding, action=own), "pages/own.html": FORM.format(encoding=encoding, action="/")})
    page = chromium(brilliant.folder, "--virtual-time-budget=10000", "--dump-dom", f"http://evil.localhost:{server.port}/")
    assert FOREIGN in page
    page = chromium(brilliant.folder, "--virtual-time-budget=10000", "--dump-dom", f"{own}pages/own.html")
    assert "<title>form" not in page and FOREIGN not in page, "the site's own form was sent and not refused"
    assert sorted(path.name for path in (brilliant.folder / "www").iterdir() if path.name != "file") == ["a.txt"]


@needs("chromium")
def test_a_page_without_a_site_changes_nothing(brilliant):
    server = start(brilliant)
    brilliant.write({"evil/index.html": SANDBOXED.format(action=f"http://127.0.0.1:{server.ports[1]}/")})
    chromium(brilliant.folder, "--virtual-time-budget=10000", "--dump-dom", f"http://evil.localhost:{server.port}/")
    assert server.wait_log(r"cross-site request refused, .* origin=null")


@needs("chromium")
@pytest.mark.parametrize("method, mode, outcome", [("POST", "no-cors", "answer opaque"), ("POST", "cors", "refused"), ("DELETE", "cors", "refused")])
def test_a_script_of_another_site_changes_nothing_and_learns_nothing(brilliant, method, mode, outcome):
    server = start(brilliant)
    brilliant.write({"evil/index.html": FETCH.format(action=f"http://127.0.0.1:{server.ports[1]}/a.txt", method=method, mode=mode)})
    page = chromium(brilliant.folder, "--virtual-time-budget=10000", "--dump-dom", f"http://evil.localhost:{server.port}/")
    assert f"<title>{outcome}</title>" in page
    if method == "POST":  # DELETE was not even sent: the browser asked first, and nobody said yes
        assert server.wait_log(rf"cross-site request refused, .* origin=http://evil\.localhost:{server.port}")
    assert (brilliant.folder / "www/a.txt").read_text() == "kept\n"


# ---- Names

def test_a_folder_for_this_machine_answers_to_no_strange_name(brilliant):
    server = brilliant.serve_folder({"a.txt": "private"})
    for host in ("localhost", f"localhost:{server.port}", f"127.0.0.1:{server.port}", "[::1]", "192.0.2.1"):
        assert server.get("/a.txt", headers={"Host": host}).body == b"private", host
    for host in ("evil.example", f"evil.example:{server.port}", "localhost.evil.example", "127.0.0.1.evil.example", "0x7f.1"):
        answer = server.get("/a.txt", headers={"Host": host})
        assert answer.status == 421, host
        assert b"private" not in answer.body


def test_a_folder_for_the_network_and_a_configuration_answer_to_every_name(brilliant):
    server = brilliant.serve_folder({"a.txt": "public"}, arguments=["-l", "0.0.0.0:0"])
    [network] = {int(port) for port in re.findall(r"http://[^/]*:(\d+)/", server.stdout())} - {server.port}
    assert server.get("/a.txt", port=network, headers={"Host": "files.example"}).body == b"public"
    assert server.get("/a.txt", headers={"Host": "files.example"}).status == 421
    configured = brilliant.start("server { listen 127.0.0.1:@PORT@; location / { root @FOLDER@/www } }")
    assert configured.get("/a.txt", headers={"Host": "files.example"}).body == b"public"


def test_host_check_is_the_first_servers(brilliant):
    server = brilliant.start("""
server { listen 127.0.0.1:@PORT@; server_name a.example; host_check on; location / { root @FOLDER@/www } }
server { listen 127.0.0.1:@PORT@; server_name b.example; location / { root @FOLDER@/www } }
""", files={"www/a.txt": "a"})
    status = {host: server.get("/a.txt", headers={"Host": host}).status for host in ("a.example", "b.example", "localhost", "evil.example")}
    assert status == {"a.example": 200, "b.example": 200, "localhost": 200, "evil.example": 421}
