"""DELETE: what goes, what stays, and what comes back from the trash."""

import json
import os
import re
import subprocess

import pytest

from brilliant import run, wait_until
from clients import RawConnection, curl, needs, root_only

SITE = """
error_log error.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; methods GET DELETE; delete_folders empty }
  location /files { root @FOLDER@/www; methods GET DELETE }
  location /read { root @FOLDER@/www }
  location /bin { root @FOLDER@/www; methods GET DELETE; trash trash }
  location /bin/staff { root @FOLDER@/www; methods DELETE; trash trash; auth_basic Staff users DELETE }
  location /put { root @FOLDER@/www; methods GET PUT DELETE }
  cgi .sh { root @FOLDER@/www }
}
"""
FILES = {"www/a.txt": "alpha\n", "www/sub/b.txt": "beta\n", "www/sub/deep/c.txt": "gamma\n", "www/.hidden": "h\n", "www/.git/config": "h\n",
         "www/put/x.sh": "#!/bin/sh\n", "www/x.sh": "#!/bin/sh\n", "outside/secret": "kept\n",
         "users": "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"}
ANN = {"Authorization": "Basic YW5uOnNlY3JldA=="}  # ann:secret
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


# As root, the server would give that up and could not change the folders of this test.
OWN_USER = "user root\n" if os.geteuid() == 0 else ""


def start(brilliant, config=SITE, files=None, user=OWN_USER, **options):
    server = brilliant.start(user + config, files=FILES | (files or {}), error_log="error.log", **options)
    (brilliant.folder / "trash").mkdir(exist_ok=True)
    (brilliant.folder / "www/empty").mkdir(exist_ok=True)
    return server


def delete(server, target, **options):
    return server.request("DELETE", target, **options)


def exists(server, name):
    return os.path.lexists(server.folder / name)


# ---- What goes and what stays

def test_a_file_is_gone_at_once_also_from_memory(brilliant):
    server = start(brilliant, workers=1)
    assert server.get("/a.txt").body == b"alpha\n"
    answer = delete(server, "/a.txt")
    assert (answer.status, answer.body) == (204, b"")
    assert server.get("/a.txt").status == 404
    assert not exists(server, "www/a.txt")
    assert delete(server, "/a.txt").status == 404


def test_other_workers_notice_within_the_time_that_files_are_fresh(brilliant):
    server = start(brilliant, workers=2)
    for _ in range(8):
        assert server.get("/a.txt").body == b"alpha\n"
    assert delete(server, "/a.txt").status == 204
    wait_until(lambda: {server.get("/a.txt").status for _ in range(8)} == {404}, "404 from every worker")


def test_folders_go_only_where_that_is_allowed_and_only_empty(brilliant):
    server = start(brilliant)
    answer = delete(server, "/files/empty", headers=HTML)
    assert answer.status == 409 and b"Folders are not deleted here" in answer.body
    for target in ("/sub", "/sub/", "/sub/deep/"):
        answer = delete(server, target, headers=HTML)
        assert answer.status == 409 and b"This folder has something in it" in answer.body, target
    assert delete(server, "/empty/").status == 204
    assert not exists(server, "www/empty")
    assert delete(server, "/sub/deep/c.txt").status == 204
    assert server.get("/sub/deep/").status == 403
    assert delete(server, "/sub/deep").status == 204
    assert server.get("/sub/deep/").status == 404
    assert exists(server, "www/sub/b.txt")


def test_the_right_is_its_own_and_the_start_folder_stays(brilliant):
    server = start(brilliant)
    refused = delete(server, "/read/a.txt")
    assert refused.status == 405 and "DELETE" not in refused.headers["Allow"]
    assert server.request("OPTIONS", "/files/a.txt").headers["Allow"] == "GET, HEAD, DELETE, OPTIONS"
    for target in ("/", "/files", "/files/", "//", "/files/."):
        assert delete(server, target).status == 403, target
    assert exists(server, "www/a.txt")


def test_what_is_not_shown_is_not_deleted(brilliant):
    server = start(brilliant)
    for target in ("/.hidden", "/.git/config", "/.git/", "/none", "/none/x", "/a.txt/", "/a.txt/x", "/put/x.sh", "/put/put/x.sh", "/put/x.SH"):
        assert delete(server, target).status == 404, target
    assert delete(server, "/x.sh").status == 405, "a program is asked for itself"
    for name in ("www/.hidden", "www/.git/config", "www/a.txt", "www/x.sh", "www/put/x.sh"):
        assert exists(server, name), name


def test_of_a_link_the_link_is_deleted_and_nothing_beyond_it(brilliant):
    server = start(brilliant)
    www = brilliant.folder / "www"
    for name, target in (("out", "../outside/secret"), ("out-folder", "../outside"), ("in-folder", "sub"), ("in", "a.txt"), ("dangling", "none")):
        (www / name).symlink_to(target)
    assert delete(server, "/out-folder/secret").status == 403
    assert delete(server, "/in-folder/").status == 404
    assert delete(server, "/in-folder/b.txt").status == 204, "what is reached through a link that may be followed"
    for name in ("out", "out-folder", "in-folder", "in", "dangling"):
        assert delete(server, f"/{name}").status == 204, name
        assert not exists(server, f"www/{name}")
    assert (brilliant.folder / "outside/secret").read_text() == "kept\n"
    assert exists(server, "www/a.txt") and exists(server, "www/sub/deep/c.txt")


def test_neither_devices_nor_pipes_are_deleted(brilliant):
    server = start(brilliant)
    os.mkfifo(brilliant.folder / "www/pipe")
    assert delete(server, "/pipe").status == 403
    assert exists(server, "www/pipe")


@root_only
def test_a_folder_that_the_server_may_not_change_and_a_mount_point(brilliant):
    server = start(brilliant, user="user nobody\n")
    answer = delete(server, "/a.txt", headers=HTML)
    assert answer.status == 403 and b"may not change" in answer.body
    assert server.wait_log(r"warn: not deleted root=\S+/www path=a\.txt .* errno=13")
    assert exists(server, "www/a.txt")
    server.stop()
    (brilliant.folder / "error.log").unlink()
    other = start(brilliant)
    mounted = brilliant.folder / "www/mounted"
    mounted.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(mounted)], capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        answer = delete(other, "/mounted", headers=HTML)
        assert answer.status == 409 and b"something is mounted here" in answer.body
        (mounted / "x").write_text("x")
        assert delete(other, "/bin/mounted/x").status == 500
        assert other.wait_log(r"not deleted .* errno=18"), "another file system than the trash"
        assert (mounted / "x").read_text() == "x"
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


# ---- Conditions (RFC 9110 section 13)

def test_conditions_are_honoured(brilliant):
    server = start(brilliant)
    old = 1_700_000_000
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        os.utime(brilliant.folder / "www" / name, (old, old))
    seen = server.get("/a.txt")
    etag, modified = seen.headers["ETag"], seen.headers["Last-Modified"]
    assert etag.startswith('"')
    for headers in ({"If-Match": '"other"'}, {"If-Match": f"W/{etag}"}, {"If-None-Match": etag}, {"If-None-Match": "*"},
                    {"If-Unmodified-Since": "Tue, 14 Nov 2000 22:13:20 GMT"}):
        assert delete(server, "/a.txt", headers=headers).status == 412, headers
        assert delete(server, "/bin/a.txt", headers=headers).status == 412, headers
        assert delete(server, "/none", headers=headers).status == 404, headers
    assert delete(server, "/empty", headers={"If-Match": '"x"'}).status == 412
    assert delete(server, "/a.txt", headers={"If-Match": f'"x", {etag}', "If-None-Match": '"y"'}).status == 204
    assert delete(server, "/sub/b.txt", headers={"If-Unmodified-Since": modified}).status == 204
    assert delete(server, "/bin/sub/deep/c.txt", headers={"If-Match": "*"}).status == 204
    assert delete(server, "/empty", headers={"If-Match": "*"}).status == 204


def test_a_young_file_has_no_strong_tag_that_could_match(brilliant):
    server = start(brilliant)
    (brilliant.folder / "www/young").write_text("x")
    etag = server.get("/young").headers["ETag"]
    assert etag.startswith("W/")
    assert delete(server, "/young", headers={"If-Match": etag}).status == 412
    assert delete(server, "/young", headers={"If-None-Match": etag}).status == 412


def test_content_of_the_request_does_not_matter(brilliant):
    server = start(brilliant)
    assert delete(server, "/a.txt", body=b"some content").status == 204
    with RawConnection(server) as client:
        client.send(b"DELETE /sub/b.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert client.read().status == 204
        assert client.get("/sub/b.txt").status == 404


# ---- Answers, trash and undo

def test_a_page_or_json_for_those_who_ask(brilliant):
    server = start(brilliant, files={"www/<b>&.txt": "x"})
    page = delete(server, "/%3Cb%3E&.txt", headers=HTML)
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"&lt;b&gt;&amp;.txt" in page.body and b"<b>" not in page.body and b"<form" not in page.body
    assert page.headers["Content-Security-Policy"] == "default-src 'none'; base-uri 'none'; form-action 'self'"
    answer = delete(server, "/a.txt", headers=JSON)
    assert answer.status == 200 and json.loads(answer.body) == {"path": "/a.txt", "undo": None}
    assert delete(server, "/sub/b.txt", headers={"Accept": "*/*"}).status == 204


def test_what_went_to_the_trash_comes_back(brilliant):
    server = start(brilliant, files={"www/ä 1.txt": "umlaut\n"}, workers=1)
    assert server.get("/bin/%C3%A4%201.txt").body == b"umlaut\n"
    answer = json.loads(delete(server, "/bin/%C3%A4%201.txt", headers=JSON).body)
    assert answer["path"] == "/bin/%C3%A4%201.txt"
    undo = answer["undo"]
    assert re.fullmatch(r"/bin/%C3%A4%201\.txt\?undo=[0-9a-f]{32}", undo)
    assert server.get("/bin/%C3%A4%201.txt").status == 404
    token = undo.split("=")[1]
    for wrong in (undo[:-1] + ("0" if undo[-1] != "0" else "1"), undo + "0", f"/bin/b.txt?undo={token}", f"/bin/%C3%A4%201.txt/?undo={token}",
                  "/bin/%C3%A4%201.txt?undo=", "/bin/%C3%A4%201.txt?undo=../users", f"/bin/?undo={token}", f"/bin/{token}?undo={token}"):
        assert server.request("POST", wrong).status == 404, wrong
    back = server.request("POST", undo, headers=JSON)
    assert back.status == 201 and back.headers["Location"] == "/bin/%C3%A4%201.txt"
    assert json.loads(back.body) == {"path": "/bin/%C3%A4%201.txt"}
    assert server.get("/bin/%C3%A4%201.txt").body == b"umlaut\n"
    assert server.request("POST", undo).status == 404
    assert list((brilliant.folder / "trash").iterdir()) == []


def test_an_undo_replaces_nothing_and_needs_its_folder(brilliant):
    server = start(brilliant)
    undo = json.loads(delete(server, "/bin/sub/b.txt", headers=JSON).body)["undo"]
    (brilliant.folder / "www/sub/b.txt").write_text("newer\n")
    answer = server.request("POST", undo, headers=HTML)
    assert answer.status == 409 and b"something else under this name" in answer.body
    assert (brilliant.folder / "www/sub/b.txt").read_text() == "newer\n"
    (brilliant.folder / "www/sub").rename(brilliant.folder / "www/moved")
    answer = server.request("POST", undo, headers=HTML)
    assert answer.status == 409 and b"The folder that it was in is gone" in answer.body
    (brilliant.folder / "www/moved").rename(brilliant.folder / "www/sub")
    (brilliant.folder / "www/sub/b.txt").unlink()
    assert server.request("POST", undo).status == 201
    assert (brilliant.folder / "www/sub/b.txt").read_text() == "beta\n"


def test_an_undo_needs_the_right_to_delete_and_nothing_else(brilliant):
    server = start(brilliant)
    assert server.request("POST", "/bin/a.txt").status == 405
    assert server.request("POST", "/bin/a.txt?undo").status == 405
    assert server.request("POST", "/files/a.txt?undo=" + "0" * 32).status == 405, "no trash there"
    assert server.request("GET", "/bin/a.txt?undo=" + "0" * 32).body == b"alpha\n"
    assert delete(server, "/bin/staff/a.txt").status == 401
    undo = json.loads(delete(server, "/bin/staff/a.txt", headers=JSON | ANN).body)["undo"]
    assert server.request("POST", undo).status == 401
    assert server.request("POST", undo.replace("/bin/staff", "/bin")).status == 201, "the same file, for those who may change it"
    undo = json.loads(delete(server, "/bin/staff/a.txt", headers=JSON | ANN).body)["undo"]
    assert server.request("POST", undo, headers={"Origin": "http://evil.example"} | ANN).status == 403
    assert server.request("POST", undo, headers=ANN).status == 201


def test_the_page_has_a_button_that_brings_it_back(brilliant):
    server = start(brilliant)
    page = delete(server, "/bin/a.txt", headers=HTML).body.decode()
    [undo] = re.findall(r'<form method="post" action="([^"]+)"><button>', page)
    back = server.request("POST", undo, headers=HTML | {"Content-Type": "application/x-www-form-urlencoded"}, body=b"")
    assert back.status == 201 and b'<a href="/bin/a.txt">Open it</a>' in back.body
    assert (brilliant.folder / "www/a.txt").read_text() == "alpha\n"


def test_a_trash_that_is_missing_keeps_everything(brilliant):
    server = start(brilliant)
    (brilliant.folder / "trash").rmdir()
    answer = delete(server, "/bin/a.txt", headers=HTML)
    assert answer.status == 500 and b"The trash can&#39;t be used" in answer.body
    assert server.wait_log(r"warn: not deleted .* trash=\S+/trash call=\"?opening the trash")
    assert exists(server, "www/a.txt")
    assert delete(server, "/bin/empty").status == 409


def test_many_who_delete_the_same_file_are_told_apart(brilliant):
    server = start(brilliant)
    with_trash = [RawConnection(server) for _ in range(16)]
    for client in with_trash:
        client.send(b"DELETE /bin/a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    assert sorted(client.read().status for client in with_trash) == [204] + [404] * 15
    assert len(list((brilliant.folder / "trash").iterdir())) == 2
    for client in with_trash:
        client.send(b"DELETE /sub/b.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    assert sorted(client.read().status for client in with_trash) == [204] + [404] * 15
    for client in with_trash:
        client.close()


@needs("curl")
def test_curl(brilliant):
    server = start(brilliant)
    result = curl("-s", "-X", "DELETE", "-w", "%{http_code}", f"http://127.0.0.1:{server.port}/a.txt")
    assert result.stdout == b"204"


# ---- A folder without a configuration

def for_everybody(brilliant, *names):
    """Folders that the server may change, whoever it runs as."""
    for name in names:
        (brilliant.folder / name).mkdir()
        (brilliant.folder / name).chmod(0o777)


def test_a_folder_may_be_opened_for_deletion(brilliant):
    for_everybody(brilliant, "www", "www/sub")
    server = brilliant.serve_folder({"a.txt": "a", "sub/b.txt": "b"}, arguments=["--delete"])
    assert "Everybody on this machine may delete files in it, and empty folders.\n" in server.stdout()
    assert delete(server, "/a.txt").status == 204
    assert delete(server, "/sub").status == 409
    assert delete(server, "/sub/b.txt").status == 204
    assert delete(server, "/sub").status == 204
    assert server.request("PUT", "/x", body=b"x").status == 405
    assert delete(server, "/x", headers={"Origin": "http://evil.example"}).status == 403
    assert delete(server, "/x", headers={"Host": "evil.example"}).status == 421
    closed = brilliant.serve_folder({"a.txt": "a"}, name="closed")
    assert "may delete" not in closed.stdout()
    assert delete(closed, "/a.txt").status == 405


def test_the_network_is_named_and_a_configuration_says_it_itself(brilliant):
    for_everybody(brilliant, "www")
    server = brilliant.serve_folder({"a.txt": "a"}, arguments=["--delete", "-l", "0.0.0.0:0"])
    assert "Everybody who reaches these addresses may delete files in it" in server.stdout()
    brilliant.write({"site.conf": SITE})
    result = run("--delete", brilliant.folder / "site.conf")
    assert result.returncode == 2 and "--delete is for a folder" in result.stderr
