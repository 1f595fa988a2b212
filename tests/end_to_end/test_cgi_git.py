"""git http-backend behind the server: fetch and push with a real git."""

import os
import pathlib
import signal
import subprocess

import pytest

from brilliant import TIMEOUT, wait_until
from clients import git, large, needs

BACKEND = "/usr/lib/git-core/git-http-backend"
SITE = f"""
error_log error.log info
access_log off
server {{
  listen 127.0.0.1:@PORT@
  location /git {{
    cgi {BACKEND}
    cgi_env GIT_PROJECT_ROOT @FOLDER@/repositories
    cgi_env GIT_HTTP_EXPORT_ALL 1
    cgi_env GIT_CONFIG_COUNT 1
    cgi_env GIT_CONFIG_KEY_0 safe.directory
    cgi_env GIT_CONFIG_VALUE_0 *
    methods GET POST
    cgi_half_close 1s
  }}
}}
"""
pytestmark = [needs("git"), pytest.mark.skipif(not os.path.exists(BACKEND), reason="git http-backend is not installed")]


def make_site(brilliant, file_bytes):
    """A server with a bare repository, and a working copy beside it with two such files in two commits."""
    brilliant.folder.chmod(0o755)
    bare = brilliant.folder / "repositories/project.git"
    bare.mkdir(parents=True)
    git("init", "-q", "--bare", ".", cwd=bare)
    git("config", "http.receivepack", "true", cwd=bare)
    git("config", "gc.autoDetach", "false", cwd=bare)
    for path in [bare.parent, *bare.parent.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    work = brilliant.folder / "work"
    work.mkdir()
    git("init", "-q", ".", cwd=work)
    for number in range(2):
        (work / f"file{number}").write_bytes(os.urandom(file_bytes))
        git("add", ".", cwd=work)
        git("commit", "-q", "-m", f"commit {number}", cwd=work)
    server = brilliant.start(SITE, error_log="error.log")
    server.url = f"http://127.0.0.1:{server.port}/git/project.git"
    server.bare, server.work = bare, work
    return server


@pytest.fixture
def site(brilliant):
    return make_site(brilliant, 3_000_000)


@pytest.fixture
def large_site(brilliant):
    return make_site(brilliant, 60_000_000)


def push(site):
    # A small buffer makes git send its content in chunks.
    git("-c", "http.postBuffer=65536", "push", "-q", site.url, "HEAD:refs/heads/main", cwd=site.work)


def left_behind(site):
    """Processes of git that work on the repository."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if "git" in (folder / "comm").read_text() and str(site.bare) in (folder / "environ").read_text() + os.readlink(folder / "cwd"):
                found.append(folder.name)
        except OSError:
            continue
    return found


def clone_and_fetch(site, version):
    copy = site.folder / f"copy of version {version}"
    git("-c", f"protocol.version={version}", "clone", "-q", "-b", "main", site.url, copy, cwd=site.folder)
    for number in range(2):
        assert (copy / f"file{number}").read_bytes() == (site.work / f"file{number}").read_bytes()
    later = f"later {version}"
    (site.work / later).write_text("more")
    git("add", ".", cwd=site.work)
    git("commit", "-q", "-m", later, cwd=site.work)
    push(site)
    git("-c", f"protocol.version={version}", "pull", "-q", cwd=copy)
    assert (copy / later).read_text() == "more"
    git("fsck", "--full", cwd=site.bare)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_what_is_pushed_is_cloned(site, version):
    push(site)
    clone_and_fetch(site, version)


def clone_ten_times(site):
    clones = [subprocess.Popen(["git", "clone", "-q", "-b", "main", site.url, str(site.folder / f"copy{i}")],
                               stdin=subprocess.DEVNULL) for i in range(10)]
    assert [clone.wait(10 * TIMEOUT) for clone in clones] == [0] * 10
    for i in range(10):
        assert (site.folder / f"copy{i}/file1").read_bytes() == (site.work / "file1").read_bytes()


def test_ten_clones_at_once(site):
    push(site)
    clone_ten_times(site)


def kill_in_mid_push(site, huge_bytes):
    (site.work / "huge").write_bytes(os.urandom(huge_bytes))
    git("add", ".", cwd=site.work)
    git("commit", "-q", "-m", "huge", cwd=site.work)
    command = ["git", "-c", "http.postBuffer=65536", "-c", "safe.directory=*", "push", "-q", site.url, "HEAD:refs/heads/main"]
    client = subprocess.Popen(command, cwd=site.work, stdin=subprocess.DEVNULL, start_new_session=True)
    wait_until(lambda: client.poll() is not None or left_behind(site), "git to be started by the server")
    os.killpg(client.pid, signal.SIGKILL)
    client.wait(TIMEOUT)
    wait_until(lambda: not left_behind(site), "what the server has started to end")
    git("fsck", "--full", cwd=site.bare)
    push(site)
    git("clone", "-q", "-b", "main", site.url, "whole copy", cwd=site.folder)
    assert (site.folder / "whole copy/huge").read_bytes() == (site.work / "huge").read_bytes()


def test_a_push_that_is_killed_leaves_nothing_behind(site):
    push(site)
    kill_in_mid_push(site, 20_000_000)


@large
def test_a_repository_of_more_than_a_hundred_megabytes(large_site):
    push(large_site)
    for version in range(3):
        clone_and_fetch(large_site, version)
    kill_in_mid_push(large_site, 100_000_000)


@large
def test_ten_clones_of_more_than_a_hundred_megabytes_at_once(large_site):
    push(large_site)
    clone_ten_times(large_site)
