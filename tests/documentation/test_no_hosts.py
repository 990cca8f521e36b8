"""No tracked file names a foreign host or a folder of somebody's machine.

Lock files and generated files are where package indexes, mirrors and build folders slip in. Namespaces and
specifications are names, not places we contact; those are listed here one by one.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Hosts of namespaces, specifications and treaties, which texts may cite.
CITED = {
    "c2sp.org",
    "curia.europa.eu",
    "datatracker.ietf.org",
    "docs.oasis-open.org",
    "eur-lex.europa.eu",
    "nvlpubs.nist.gov",
    "purl.oclc.org",
    "rm.coe.int",
    "schemas.xmlsoap.org",
    "treaties.un.org",
    "uri.etsi.org",
    "www.coe.int",
    "www.etsi.org",
    "www.iana.org",
    "www.ietf.org",
    "www.iso.org",
    "www.rfc-editor.org",
    "www.unodc.org",
    "www.w3.org",
}
# Names that by their standard lead nowhere (RFC 2606, RFC 6761), and this machine.
NOWHERE = re.compile(
    r"(^|\.)(example|invalid|localhost|test)(\.(com|net|org))?$|^localhost$|^127\.|^\[?::1|^0\.0\.0\.0$"
)
# Addresses that tests must see refused before anything is sent: private, and the cloud's metadata service.
REFUSED = frozenset({"10.0.0.1", "169.254.169.254"})
# Registries, mirrors and code hosts; named with or without a scheme.
FORBIDDEN = re.compile(
    r"pypi\.(org|io)|pythonhosted|registry\.(npmjs|yarnpkg)|npmjs\.(com|org)|unpkg\.com|jsdelivr|"
    r"proxy\.golang|conda\.(io|anaconda)|artifactory|devpi|index-url|extra-index|find-links|trusted-host",
    re.IGNORECASE,
)
# Folders of a builder's machine; /root/ and /home/ mean nothing on another one.
FOLDERS = re.compile(
    r"(?<![\w.$}])/(root|home/\w+|Users/\w+|work(space)?|builds?|mnt/\w+|opt/\w+|tmp/\w+|var/folders)/"
)
URL = re.compile(r"(?:https?|ftp|git\+\w+|ssh)://(?:[^\s/@\"'<>]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)")
# These name what they forbid: this file.
SELF = Path(__file__).relative_to(ROOT).as_posix()


def tracked() -> list[str]:
    """Every file git knows, or would know at the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and name != SELF and (ROOT / name).is_file()]


def trouble(text: str) -> list[str]:
    """What in `text` a repository must not name."""
    hosts = [host.lower() for host in URL.findall(text)]
    foreign = [
        host for host in hosts if "." in host and host not in CITED | REFUSED and not NOWHERE.search(host)
    ]
    return foreign + [match.group() for rule in (FORBIDDEN, FOLDERS) for match in rule.finditer(text)]


def test_no_tracked_file_names_a_foreign_host_or_a_private_folder() -> None:
    found = {}
    for name in tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        if words := trouble(text):
            found[name] = sorted(set(words))
    assert found == {}


def test_the_search_sees_what_it_must() -> None:
    for bad in (
        "--index-url https://packages.somewhere.net/simple",
        '"resolved": "https://registry.npmjs.org/libsodium/-/libsodium-0.8.4.tgz"',
        "# from files.pythonhosted.org",
        "see https://mirror.internal.gov/wheels",
        "#    -r /home/somebody/emla/requirements.in",
        "https://user:word@code.somewhere.net/x",
    ):
        assert trouble(bad), bad


def test_names_that_are_no_places_pass() -> None:
    for good in (
        'xmlns:xs="http://www.w3.org/2001/XMLSchema"',
        "https://gateway.justice.example/emla/1",
        "https://127.0.0.1:8443/ and https://localhost:1/",
        "https://c2sp.org/tlog-checkpoint",
        "/var/lib/emla and /etc/emla/emla.toml",
    ):
        assert not trouble(good), good
