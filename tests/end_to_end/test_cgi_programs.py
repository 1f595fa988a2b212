"""git, cgit and fossil behind the server, as the configurations in examples/ have them, with their own clients."""

import os
import re
import subprocess
import urllib.parse

import pytest

import brilliant as brilliant_module
from brilliant import EXAMPLES, TIMEOUT
from clients import curl, git, needs

PASSWORD = "open-sesame"  # not encoded: fossil does not decode it


def expand_all(brilliant, name):
    """examples/NAME with the test's own folder for /srv."""
    return (EXAMPLES / name).read_text().replace("/srv", f"{brilliant.folder}/srv")


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.conf")))
def test_every_example_is_right(brilliant, name):
    """Nothing is wrong but, perhaps, that files and programs it is about are not there."""
    text = brilliant.example(name).replace("@FOLDER@", str(brilliant.folder)).replace("@PORT@", "8080")
    brilliant.copy_examples(brilliant.folder)
    (brilliant.folder / name).write_text(text)
    result = brilliant_module.run("--check", brilliant.folder / name)
    assert result.returncode == 0, result.stderr
    for line in re.findall(r".*(?:warning|error):.*", result.stdout + result.stderr):
        assert "does not exist" in line, line


# ---- git, with a folder for everybody and one for those with a password

@pytest.fixture
def repository(brilliant):
    """A bare repository below srv/git, and a working copy whose file names are not the usual ones."""
    bare = brilliant.folder / "srv/git/project.git"
    bare.mkdir(parents=True)
    git("init", "-q", "--bare", ".", cwd=bare)
    work = brilliant.folder / "work"
    (work / "a folder").mkdir(parents=True)
    git("init", "-q", ".", cwd=work)
    (work / "README").write_text("hello\n")
    (work / "a folder" / "f\u00fcr & <b>.txt").write_text("line <one>\n")
    git("add", ".", cwd=work)
    git("commit", "-q", "-m", "first <i>commit</i>", cwd=work)
    git("push", "-q", bare, "HEAD:refs/heads/main", cwd=work)
    brilliant.give_to_server(brilliant.folder / "srv")
    return bare, work


@needs("git")
@needs("htpasswd")
def test_git_as_in_the_example(brilliant, repository):
    bare, work = repository
    users = brilliant.folder / "srv/git-users"
    subprocess.run(["htpasswd", "-cbB", "-C", "4", users, "alice", PASSWORD], check=True, capture_output=True)
    users.chmod(0o644)
    server = brilliant.start_example("git.conf")
    reading = f"http://127.0.0.1:{server.port}/git/project.git"
    writing = f"http://alice:{PASSWORD}@127.0.0.1:{server.port}/push/project.git"
    (work / "more").write_text("more\n")
    git("add", ".", cwd=work)
    git("commit", "-q", "-m", "second", cwd=work)

    refused = git("push", "-q", reading, "HEAD:refs/heads/main", cwd=work, check=False)
    assert refused.returncode != 0 and b"403" in refused.stderr
    refused = git("push", "-q", writing.replace("open", "shut"), "HEAD:refs/heads/main", cwd=work, check=False)
    assert refused.returncode != 0 and b"Authentication failed" in refused.stderr
    git("push", "-q", writing, "HEAD:refs/heads/main", cwd=work)
    copy = brilliant.folder / "copy"
    git("clone", "-q", "-b", "main", reading, copy, cwd=brilliant.folder)
    assert (copy / "more").read_text() == "more\n"

    # With gc.autoDetach=false, what has to be tidied up is tidied up before the answer ends.
    git("config", "receive.unpackLimit", "1", cwd=bare)  # each push is a pack
    git("config", "gc.autoPackLimit", "1", cwd=bare)  # and two are too many
    for number in range(3):
        (work / "more").write_text(f"{number}\n")
        git("commit", "-q", "-a", "-m", f"{number}", cwd=work)
        git("push", "-q", writing, "HEAD:refs/heads/main", cwd=work)
        assert len(list(bare.glob("objects/pack/*.pack"))) == 1 and not (bare / "gc.pid").exists()
    git("fsck", "--full", cwd=bare)


# ---- cgit

@pytest.fixture
def cgit(brilliant, repository):
    (brilliant.folder / "srv/cgitrc").write_text(expand_all(brilliant, "cgitrc"))
    return brilliant.start_example("cgit.conf")


needs_cgit = pytest.mark.skipif(not os.path.exists("/usr/lib/cgit/cgit.cgi"), reason="cgit is not installed")


@needs_cgit
def test_pages_of_cgit(brilliant, cgit):
    def page(target):
        answer = cgit.get(target)
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=UTF-8", target
        return answer.body.decode()

    name = urllib.parse.quote("f\u00fcr & <b>.txt")
    assert "project" in page("/cgit/")
    assert "first &lt;i&gt;commit&lt;/i&gt;" in page("/cgit/project.git/")
    assert "first &lt;i&gt;commit&lt;/i&gt;" in page("/cgit/project.git/log/?h=main")
    assert "a folder" in page("/cgit/project.git/tree/")
    assert "f\u00fcr &amp; &lt;b&gt;.txt" in page("/cgit/project.git/tree/a%20folder")
    assert "line &lt;one&gt;" in page(f"/cgit/project.git/tree/a%20folder/{name}")
    assert "first" in page(f"/cgit/project.git/log/a%20folder/{name}")
    assert "first" in page("/cgit/project.git/log/?qt=grep&q=%3Ci%3E")  # a search
    assert "first" not in page("/cgit/project.git/log/?qt=grep&q=never+written")
    plain = cgit.get(f"/cgit/project.git/plain/a%20folder/{name}")
    assert plain.body == b"line <one>\n" and plain.headers["Content-Length"] == "11"
    assert cgit.get("/cgit/nothing.git/").status == 404
    style = re.search(r"href='(/cgit-css/[^']*\.css)'", page("/cgit/"))[1]
    assert cgit.get(style).headers["Content-Type"] == "text/css; charset=utf-8"


@needs_cgit
@needs("git")
def test_a_clone_through_cgit(brilliant, cgit, repository):
    """It speaks the older protocol, in which the client fetches files of the repository one by one."""
    _, work = repository
    git("clone", "-q", "-b", "main", f"http://127.0.0.1:{cgit.port}/cgit/project.git", "copy", cwd=brilliant.folder)
    names = git("ls-files", "-z", cwd=brilliant.folder / "copy").stdout
    assert names and names == git("ls-files", "-z", cwd=work).stdout


# ---- fossil

class FossilUser:
    """Somebody with a clone of the repository and a checkout of it."""

    def __init__(self, folder, name, url):
        self.folder = folder / name
        self.folder.mkdir()
        self.name, self.url = name, url
        self("clone", "--user", name, url, "clone.fossil")
        self("setting", "autosync", "off", "-R", "clone.fossil")  # without a terminal, passwords are not remembered
        (self.folder / "checkout").mkdir()
        self.in_checkout("open", "--nosync", "../clone.fossil")

    def __call__(self, *arguments, cwd=None):
        environment = {**os.environ, "HOME": str(self.folder), "FOSSIL_HOME": str(self.folder), "USER": self.name}
        result = subprocess.run(["fossil", *map(str, arguments)], cwd=cwd or self.folder, env=environment, timeout=2 * TIMEOUT,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert result.returncode == 0, (arguments, result.stdout, result.stderr)
        return result.stdout

    def in_checkout(self, *arguments):
        return self(*arguments, cwd=self.folder / "checkout")

    def commit(self, name, text):
        (self.folder / "checkout" / name).write_text(text)
        self.in_checkout("add", name)
        self.in_checkout("commit", "--no-warnings", "--user-override", self.name, "-m", f"{name} by {self.name}")

    def sync(self):
        self("sync", self.url, "-R", "clone.fossil")
        self.in_checkout("update")

    def read(self, name):
        return (self.folder / "checkout" / name).read_text()


@needs("fossil")
def test_two_users_of_fossil(brilliant):
    folder = brilliant.folder / "srv/fossil"
    folder.mkdir(parents=True)
    environment = {**os.environ, "HOME": str(brilliant.folder), "USER": "admin"}

    def fossil(*command):
        subprocess.run(["fossil", *command], cwd=folder, env=environment, check=True, capture_output=True, timeout=TIMEOUT)

    fossil("init", "project.fossil")
    for name in ("alice", "bob"):
        fossil("user", "new", name, name, PASSWORD, "-R", "project.fossil")
        fossil("user", "capabilities", name, "dei", "-R", "project.fossil")
    script = re.search(r"^#   (#!.*)\n#   (directory: .*)\n", expand_all(brilliant, "fossil.conf"), re.MULTILINE)
    brilliant.write({"srv/fossil.cgi": f"{script[1]}\n{script[2]}\n"})
    brilliant.give_to_server(brilliant.folder / "srv")
    server = brilliant.start_example("fossil.conf")

    def url(name):
        return f"http://{name}:{PASSWORD}@127.0.0.1:{server.port}/fossil/project"

    alice, bob = (FossilUser(brilliant.folder, name, url(name)) for name in ("alice", "bob"))
    alice.commit("one.txt", "from alice\n")
    alice.sync()
    bob.sync()
    assert bob.read("one.txt") == "from alice\n"
    bob.commit("two.txt", "from bob\n")
    bob.commit("large.bin", "x" * 1_000_000)
    bob.sync()
    alice.sync()
    assert alice.read("two.txt") == "from bob\n" and len(alice.read("large.bin")) == 1_000_000
    timeline = server.get("/fossil/project/timeline")
    assert timeline.status == 200 and b"two.txt by bob" in timeline.body and b"one.txt by alice" in timeline.body
    home = curl("-i", "-L", f"http://127.0.0.1:{server.port}/fossil/project").stdout  # redirects to its start page
    assert home.startswith(b"HTTP/1.1 30") and b"\r\nHTTP/1.1 200 OK\r\n" in home
