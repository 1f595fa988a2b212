"""The command line: its pages, its checks and its errors."""

import os
import pathlib

import pytest

from brilliant import run

GOOD = """
server {
  listen 127.0.0.1:8080
  location / {
    root @FOLDER@/www
  }
  location /a {
    root @FOLDER@/www
  }
  cgi .py {
    root @FOLDER@/www
  }
}
"""


@pytest.fixture
def site(brilliant):
    brilliant.write({"www/index.html": "hello", "good.conf": brilliant.expand(GOOD, [])})
    return brilliant


def test_help_is_short_and_has_examples():
    result = run("--help")
    assert result.returncode == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].startswith("BrilliantServer ")
    assert "Usage: brilliantserver [OPTIONS] [CONFIG | FOLDER]" in lines
    assert "Examples:" in lines
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 90
    assert run("-h").stdout == result.stdout


def test_version():
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("BrilliantServer 0.")
    assert result.stdout.count("\n") == 1


def test_directives_is_the_reference():
    result = run("--directives")
    assert result.returncode == 0
    for name in ("listen", "server_name", "autoindex", "body_max", "upload_path"):
        assert name in result.stdout


@pytest.mark.parametrize("arguments, message", [
    (["--chek"], 'unknown option "--chek": did you mean --check?'),
    (["--colour=red"], 'unknown option "--colour"'),
    (["a", "b"], '"b" is one argument too many: give one configuration file or folder'),
    (["--workers", "0"], '--workers takes auto or a number from 1 to 1024, not "0"'),
    (["--workers", "2x"], '--workers takes auto or a number from 1 to 1024, not "2x"'),
    (["--workers", "1025"], '--workers takes auto or a number from 1 to 1024, not "1025"'),
    (["--listen"], "--listen: 1 required ADDR missing"),
    (["--listen", "localhost.example:80"], "--listen localhost.example:80: "),
    (["--listen", "127.0.0.1:65536"], "--listen 127.0.0.1:65536: "),
    (["--listen", "unix:"], "--listen unix: needs the path of a socket"),
    (["--strict"], "--strict goes with --check"),
    (["--prefix", "/", "/"], "--prefix is for configuration files, not for a folder"),
])
def test_usage_errors_are_one_line_and_status_2(arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("brilliantserver: " + message)
    assert result.stderr.count("\n") == 1


def test_check_of_a_good_configuration(site):
    result = run("--check", "good.conf", cwd=site.folder)
    assert (result.returncode, result.stdout, result.stderr) == (
        0, "good.conf is fine: 1 server, 2 locations, 1 cgi block\n", "")


def test_check_needs_no_free_port(site):
    server = site.start("server { listen 127.0.0.1:@PORT@\n location / { root @FOLDER@/www } }", workers=1)
    result = run("--check", site.folder / "site.conf")
    assert result.returncode == 0
    assert result.stdout.endswith("site.conf is fine: 1 server, 1 location\n")
    assert server.get("/").body == b"hello"


def test_check_shows_every_mistake_with_its_place(site):
    site.write({"bad.conf": "server {\n  listen 127.0.0.1:99999\n  location / {\n    autoindx on\n  }\n}\n"})
    result = run("--check", "bad.conf", cwd=site.folder)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "bad.conf:2:10: error: " in result.stderr
    assert "bad.conf:4:5: error: unknown directive \"autoindx\" in a location block\n" in result.stderr
    assert '  4 |     autoindx on\n    |     ^~~~~~~~ did you mean "autoindex"?\n' in result.stderr
    assert result.stderr.endswith("bad.conf: 2 errors\n")


def test_what_the_machine_lacks_is_a_warning_or_with_strict_an_error(site):
    site.write({"poor.conf": site.expand("server { listen 127.0.0.1:80\n location / { root @FOLDER@/missing } }", [])})
    result = run("--check", "poor.conf", cwd=site.folder)
    assert result.returncode == 0
    assert f"{site.folder}/missing" in result.stderr
    assert ": warning: " in result.stderr
    assert result.stdout == "poor.conf is fine: 1 server, 1 location, 1 warning\n"
    strict = run("--check", "--strict", "poor.conf", cwd=site.folder)
    assert strict.returncode == 1
    assert strict.stderr.endswith("poor.conf: 1 warning (--strict)\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's workers are somebody else")
def test_check_looks_with_the_eyes_of_the_workers_user(site):
    (site.folder / "www").chmod(0o700)
    result = run("--check", "good.conf", cwd=site.folder)
    assert result.returncode == 0
    assert ": warning: " in result.stderr
    assert f"{site.folder}/www" in result.stderr


def test_a_missing_configuration_is_one_clear_line(site):
    for arguments in (["--check", "nosuch.conf"], ["nosuch.conf"]):
        result = run(*arguments, cwd=site.folder)
        assert result.returncode == 1
        assert result.stderr.startswith("nosuch.conf: error: the configuration cannot be read: there is no such file\n")


def test_a_bad_configuration_does_not_start(site):
    site.write({"bad.conf": "server {\n}\n"})
    result = run("bad.conf", cwd=site.folder)
    assert result.returncode == 1
    assert "bad.conf:1:1: error: " in result.stderr


def test_a_workers_variable_set_by_accident_is_explained(site):
    for value in ("", "1", "version=1;supervisor=1;slot=0;generation=1;config=3;control=4;page=5"):
        result = run("good.conf", cwd=site.folder, environment={"BRILLIANT_WORKER": value})
        assert result.returncode == 2
        assert "unset BRILLIANT_WORKER and try again" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_forged_workers_table_touches_no_descriptor(site):
    table = f"version=1;supervisor={os.getpid()};slot=0;generation=1;config=0;control=1;page=2"
    result = run("good.conf", cwd=site.folder, environment={"BRILLIANT_WORKER": table})
    assert result.returncode == 2
    table = f"version=1;supervisor={os.getpid()};slot=0;generation=1;config=30;control=31;page=32"
    result = run("good.conf", cwd=site.folder, environment={"BRILLIANT_WORKER": table})
    assert result.returncode == 2


def test_prefix_moves_absolute_paths(site):
    site.write({"inner.conf": "server { listen 127.0.0.1:80\n location / { root /www } }"})
    assert ": warning: " in run("--check", "inner.conf", cwd=site.folder).stderr
    result = run("--check", "--prefix", site.folder, "inner.conf", cwd=site.folder)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_folder_of_the_program_does_not_matter(site):
    relative = os.path.relpath(site.folder / "good.conf", pathlib.Path("/"))
    assert run("--check", relative, cwd="/").stdout == f"{relative} is fine: 1 server, 2 locations, 1 cgi block\n"
