"""Hosts that lie: what they send is counted before it is kept, and they are told nothing about the person."""

from __future__ import annotations

import gzip
import hashlib
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from companion.loading import transfer
from companion.loading.download import Outcome, Result, fetch_entries
from companion.loading.entries import Entry

CONTENT = bytes(range(256)) * 400
Answer = Callable[[BaseHTTPRequestHandler], None]


def entry(url: str = "https://data.example.org/some/file.bin") -> Entry:
    file = {
        "name": "file.bin",
        "url": url,
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    return Entry.model_validate(
        {
            "id": "a-set", "title": "A set", "papers": ["shared"], "origin": "download", "address": "nowhere",
            "licence": "CC0", "access": "public", "citation": "unknown", "layout": "bytes", "chapters": [],
            "files": [file],
        }
    )  # fmt: skip


class Host(ThreadingHTTPServer):
    """Answers as it is told to, and remembers what it was told."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet when a client goes away."""


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.paths.append(self.path)
        self.server.answer(self)


@contextmanager
def host(answer: Answer) -> Iterator[Host]:
    with Host(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def begin(request: BaseHTTPRequestHandler, status: int = 200, **headers: object) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()


def right(request: BaseHTTPRequestHandler) -> None:
    begin(request, Content_Length=len(CONTENT))
    request.wfile.write(CONTENT)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PAUSE", 0)
    monkeypatch.delenv("COMPANION_MIRROR", raising=False)


def fetch(server: Host, root: Path) -> Outcome:
    [outcome] = fetch_entries([entry()], root, mirror=server.url)
    return outcome


def is_nothing(root: Path) -> bool:
    return not [path for path in root.rglob("*") if path.is_file() and ".locks" not in path.parts]


@cache
def packed(times: int, size: int = 40_000_000) -> bytes:
    """Zeros, packed so many times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    content = b"".join(packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)) + packer.flush()
    for _ in range(times - 1):
        content = gzip.compress(content)
    return content


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br"])
@pytest.mark.parametrize("length", [None, len(CONTENT)])
def test_what_inflates_on_its_way_is_not_kept(tmp_path: Path, encoding: str, length: int | None) -> None:
    """Nobody asked for it: every request says that bytes are wanted as they are."""
    body = packed(encoding.count(",") + 1)

    def answer(request: BaseHTTPRequestHandler) -> None:
        headers = {"Content_Encoding": encoding} | ({} if length is None else {"Content_Length": length})
        begin(request, **headers)
        request.wfile.write(body)

    with host(answer) as server:
        tracemalloc.start()
        try:
            outcome = fetch(server, tmp_path)
            assert tracemalloc.get_traced_memory()[1] < 20e6
        finally:
            tracemalloc.stop()
    assert outcome.result is Result.FAILED
    assert server.headers[0]["accept-encoding"] == "identity"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= len(CONTENT)
    assert not (tmp_path / "a-set/file.bin").exists()


@pytest.mark.parametrize("said", [None, len(CONTENT), 10**15, -1, "many", "0x100"])
def test_a_body_without_end_is_left_at_the_size_of_the_file(tmp_path: Path, said: object) -> None:
    sent: list[int] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        begin(request, **({} if said is None else {"Content_Length": said}))
        for _ in range(2000):  # 200 MB, if anybody listens so long
            sent.append(request.wfile.write(CONTENT))

    with host(answer) as server:
        outcome = fetch(server, tmp_path)
    if said == len(CONTENT):
        assert outcome.result is Result.FETCHED
        assert (tmp_path / "a-set/file.bin").read_bytes() == CONTENT
    else:
        assert outcome.result is Result.FAILED
        assert is_nothing(tmp_path)
    assert sum(sent) < 100 * len(CONTENT)


def test_a_redirect_to_another_host_is_judged_by_the_checksum(tmp_path: Path) -> None:
    """Within one mirror here; over https any host may be named, and gives the file or none."""

    def wrong(request: BaseHTTPRequestHandler) -> None:
        if request.path != "/other":
            begin(request, 302, Location="/other", Content_Length=0)
            return
        begin(request, Content_Length=len(CONTENT))
        request.wfile.write(CONTENT[::-1])

    with host(wrong) as server:
        outcome = fetch(server, tmp_path)
    assert "checksum" in str(outcome.error)
    assert is_nothing(tmp_path)


def test_no_host_is_told_a_password_or_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login qwerty password qwerty\ndefault login qwerty password qwerty\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME", "HF_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "qwerty")

    def moved(request: BaseHTTPRequestHandler) -> None:
        if "redirected" in request.path:
            right(request)
        else:
            begin(request, 302, Location="/redirected", Set_Cookie="a=b; Path=/", Content_Length=0)

    with host(moved) as server:
        assert fetch(server, tmp_path / "data").result is Result.FETCHED
    assert len(server.headers) == 2
    for asked in server.headers:
        assert "authorization" not in asked
        assert "qwerty" not in str(asked)
        assert set(asked) <= {
            "host",
            "user-agent",
            "accept-encoding",
            "accept",
            "connection",
            "cookie",
            "range",
        }


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x\r\nHost: b.example",
        "https://a.example/x%0d%0aHost:%20b",
        "https://a.example/x\ny",
        "https://a.example/x y",
        "https://a.example/\x00",
        "https://a.example\\@b.example/x",
        "https://user:password@a.example/x",
        "https://a.example/../x",
        "https://a.example/%2e%2e/x",
        "https://a.example/x?y=/../z",
        "https://ä.example/x",
        "http://a.example/x",
        "HTTP://a.example/x",
        "ftp://a.example/x",
        "file:///etc/hostname",
        "//a.example/x",
        "https:///x",
        "javascript:alert(1)",
        "data:,x",
    ],
)
def test_an_odd_address_is_no_address(url: str) -> None:
    with pytest.raises(ValidationError):
        entry(url)


@pytest.mark.parametrize(
    "target", ["\thttp://b.example/x", "http:\\\\b.example/x", "///b.example/x", "//[b/x"]
)
def test_no_odd_redirect_is_followed(tmp_path: Path, target: str) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        begin(request, 302, Location=target, Content_Length=0)

    with host(answer) as server:
        assert fetch(server, tmp_path).result is Result.FAILED
    assert is_nothing(tmp_path)
