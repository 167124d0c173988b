"""Fetching: each fault ends in a clear error and nothing under the final name; what can be resumed is."""

import errno
import hashlib
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from companion.errors import DataError, DownloadError
from companion.loading import connection, transfer
from companion.loading.connection import REACH_SECONDS, Connection, UnreachableError
from companion.loading.download import Result, fetch_entries
from companion.loading.entries import Entry
from companion.loading.manifest import load_manifest
from companion.loading.pickles import read_pickled_npy
from companion.loading.store import FileState, data_file, status

HOST = "data.example.org"
CONTENT = bytes(range(256)) * 1600  # 409,600 bytes: six chunks and a bit


def make_entry(content=CONTENT, *, name="file.bin", entry_id="a-set", **changes):
    file = {
        "name": name,
        "url": f"https://{HOST}/some/{name}",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    } | changes
    return Entry.model_validate(
        {
            "id": entry_id,
            "title": "A set",
            "papers": ["shared"],
            "origin": "download",
            "address": "nowhere",
            "licence": "CC0",
            "access": "public",
            "citation": "unknown",
            "layout": "bytes",
            "chapters": [],
            "files": [file],
            "steps": ["ask"],
        }
    )


def path_of(entry):
    return f"/{HOST}/some/{entry.files[0].name}"


def left(root):
    """Everything in the data folder but the lock files."""
    return sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and ".locks" not in path.parts
    )


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def server(serve):
    with serve({path_of(make_entry()): CONTENT}) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(transfer, "PAUSE", 0)
    monkeypatch.delenv("COMPANION_MIRROR", raising=False)


def fetch(root, server, entry=None, **options):
    """Fetch one entry, return its only outcome."""
    (outcome,) = fetch_entries([entry or make_entry()], root, mirror=server.url, **options)
    return outcome


def refused(outcome, words):
    assert outcome.result is Result.FAILED
    assert isinstance(outcome.error, DownloadError)
    assert words in str(outcome.error)
    return True


# ---------------------------------------------------------------------- when all goes well


def test_fetched_checked_and_not_fetched_again(root, server):
    assert fetch(root, server).result is Result.FETCHED
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT
    assert left(root) == ["a-set/file.bin"]
    assert fetch(root, server).result is Result.ALREADY_THERE
    assert len(server.requests) == 1


def test_a_wrong_file_is_replaced(root, server):
    (root / "a-set").mkdir(parents=True)
    (root / "a-set" / "file.bin").write_bytes(b"x" * len(CONTENT))
    assert fetch(root, server).result is Result.FETCHED
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT


def test_progress_rises_to_the_size(root, server):
    calls = []
    fetch(root, server, progress=lambda *call: calls.append(call))
    assert {(label, total) for label, _, total in calls} == {("a-set/file.bin", len(CONTENT))}
    done = [done for _, done, _ in calls]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)


def test_manual_entries_are_reported_and_left_alone(root, server):
    entry = make_entry(size="unknown")
    assert fetch(root, server, entry).result is Result.MANUAL
    assert server.requests == []


def test_mirror_from_the_environment(root, server, monkeypatch):
    monkeypatch.setenv("COMPANION_MIRROR", server.url + "/")
    (outcome,) = fetch_entries([make_entry()], root)
    assert outcome.result is Result.FETCHED


# ---------------------------------------------------------------------- broken connections


@pytest.mark.parametrize("fault", ["cut", "close"])
def test_a_broken_connection_is_resumed_where_it_broke(root, server, fault):
    server.plan[path_of(make_entry())] = [fault]
    assert fetch(root, server).result is Result.FETCHED
    (_, first), (_, second) = server.requests
    assert first is None
    assert len(CONTENT) // 4 < second <= len(CONTENT) // 2, "the second request asks for the rest"
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT
    assert left(root) == ["a-set/file.bin"]


@pytest.mark.parametrize("fault", ["cut", "close"])
def test_given_up_and_resumed_by_the_next_run(root, server, fault):
    server.plan[path_of(make_entry())] = [fault] * 3
    assert refused(fetch(root, server), "continues where it stopped")
    (part,) = left(root)
    assert part.startswith("a-set/.file.bin.")
    assert part.endswith(".part")
    kept = (root / part).stat().st_size
    assert 0 < kept < len(CONTENT)
    assert fetch(root, server).result is Result.FETCHED
    assert server.requests[-1] == (path_of(make_entry()), kept)
    assert left(root) == ["a-set/file.bin"]


def test_a_host_that_hangs_up_leaves_nothing(root, server):
    server.plan[path_of(make_entry())] = ["hang-up"] * 3
    assert refused(fetch(root, server), "connection broke")
    assert left(root) == []


@pytest.mark.parametrize("fault", ["ignore-range", "416", "wrong-range"])
def test_servers_that_cannot_resume(root, server, fault):
    server.plan[path_of(make_entry())] = ["cut", fault]
    assert fetch(root, server).result is Result.FETCHED
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT


def test_a_whole_part_needs_no_request(root, server):
    part = transfer.part_of(root / "a-set" / "file.bin", make_entry().files[0].sha256)
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert fetch(root, server).result is Result.FETCHED
    assert server.requests == []


@pytest.mark.parametrize("begun", [b"other bytes", CONTENT + b"too long", b"o" * len(CONTENT)])
def test_a_part_of_something_else_is_dropped(root, server, begun):
    part = transfer.part_of(root / "a-set" / "file.bin", make_entry().files[0].sha256)
    part.parent.mkdir(parents=True)
    part.write_bytes(begun)
    assert fetch(root, server).result is Result.FETCHED
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT
    assert left(root) == ["a-set/file.bin"]


def test_what_killed_processes_left_is_swept(root, server):
    (root / "a-set").mkdir(parents=True)
    for name in (".file.bin.0123456789abcdef.part", "tmpab12_cd8", "mine.txt"):
        (root / "a-set" / name).write_bytes(b"left")
    assert fetch(root, server).result is Result.FETCHED
    assert left(root) == ["a-set/file.bin", "a-set/mine.txt"]


def test_a_download_that_was_complete_when_its_checksum_was_compared_is_kept(root, server, monkeypatch):
    entry = make_entry()
    (root / "a-set").mkdir(parents=True)
    (root / "a-set" / "tmpab12_cd8").write_bytes(CONTENT)  # as a kill leaves it
    free = shutil.disk_usage(root)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    assert fetch(root, server, entry).result is Result.FETCHED
    assert server.requests == []
    assert left(root) == ["a-set/file.bin"]


FETCH_PROGRAM = """
import sys, pickle
from pathlib import Path
from companion.loading.download import fetch_entries
entry = pickle.loads(bytes.fromhex(sys.argv[3]))
print(*[outcome.result.value for outcome in fetch_entries([entry], Path(sys.argv[1]), mirror=sys.argv[2])])
"""


def fetching_process(root, server):
    arguments = [str(root), server.url, pickle.dumps(make_entry()).hex()]
    return subprocess.Popen(
        [sys.executable, "-c", FETCH_PROGRAM, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_is_resumed(serve, root):
    half_sent, killed = threading.Event(), threading.Event()

    def pause():
        if len(server.requests) == 1 and left(root) and (root / left(root)[0]).stat().st_size >= 131072:
            half_sent.set()
            killed.wait(20)
        time.sleep(0.01)

    with serve({path_of(make_entry()): CONTENT}, pause) as server:
        process = fetching_process(root, server)
        assert half_sent.wait(60)
        process.kill()
        process.communicate()
        killed.set()
        assert not (root / "a-set" / "file.bin").exists()
        assert fetch(root, server).result is Result.FETCHED
        assert server.requests[1][1] >= 131072
    assert left(root) == ["a-set/file.bin"]


def test_two_processes_at_once(serve, root):
    with serve({path_of(make_entry()): CONTENT}, lambda: time.sleep(0.2)) as server:
        processes = [fetching_process(root, server) for _ in range(2)]
        said = sorted(process.communicate()[0].strip() for process in processes)
        assert said == ["already there", "fetched"]
        assert len(server.requests) == 1
    assert left(root) == ["a-set/file.bin"]


# ---------------------------------------------------------------------- wrong answers


def test_a_wrong_checksum_leaves_nothing(root, server):
    server.plan[path_of(make_entry())] = ["wrong"]
    assert refused(fetch(root, server), "another checksum")
    assert left(root) == []
    assert len(server.requests) == 1


def test_a_wrong_checksum_message_has_both_sums(root, server):
    server.plan[path_of(make_entry())] = ["wrong"]
    message = str(fetch(root, server).error)
    assert hashlib.sha256(CONTENT).hexdigest() in message
    assert hashlib.sha256(bytes(byte ^ 1 for byte in CONTENT)).hexdigest() in message


@pytest.mark.parametrize("fault", ["longer", "other-length"])
def test_a_wrong_size_leaves_nothing(root, server, fault):
    server.plan[path_of(make_entry())] = [fault]
    assert refused(fetch(root, server), "another size")
    assert left(root) == []


def test_a_wrong_file_of_ours_outlives_a_failed_fetch(root, server):
    (root / "a-set").mkdir(parents=True)
    (root / "a-set" / "file.bin").write_bytes(b"old")
    server.plan[path_of(make_entry())] = ["wrong"]
    assert fetch(root, server).result is Result.FAILED
    assert (root / "a-set" / "file.bin").read_bytes() == b"old"


def test_busy_servers_are_asked_again(root, server):
    server.plan[path_of(make_entry())] = ["503", "429"]
    assert fetch(root, server).result is Result.FETCHED
    assert len(server.requests) == 3


@pytest.mark.parametrize("status_code", ["503", "404", "403"])
def test_refusals_end_in_an_error(root, server, status_code):
    server.plan[path_of(make_entry())] = [status_code] * 9
    assert refused(fetch(root, server), f"HTTP status {status_code}")
    assert left(root) == []


def test_servers_cannot_make_us_wait(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    response = HTTPResponse(status=503, headers={"Retry-After": "86400"})
    connection._BoundedRetry(total=1).sleep(response)
    assert slept == [connection.RETRY_AFTER_SECONDS]


def test_one_failure_does_not_stop_the_others(root, server):
    second = make_entry(b"second", name="second.bin", entry_id="second")
    server.content[path_of(second)] = b"second"
    server.plan[path_of(make_entry())] = ["404"]
    outcomes = fetch_entries([make_entry(), second], root, mirror=server.url)
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.FETCHED]


def test_a_huge_redirect_is_not_read(root, server, monkeypatch):
    """Where a redirect leads is all that is looked at."""
    monkeypatch.setattr(requests.Response, "content", property(lambda self: pytest.fail("body read")))
    server.content["/elsewhere"] = CONTENT
    server.plan[path_of(make_entry())] = ["/elsewhere"]
    assert fetch(root, server).result is Result.FETCHED


def test_hostile_pickle_with_the_right_checksum(root, server, tmp_path):
    """The checksum says that a file is the one meant, not that it is harmless: the reader does."""
    trace = tmp_path / "executed"

    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {trace}",)

    content = pickle.dumps({"preprocessed_eeg_data": Hostile()}, protocol=4)
    entry = make_entry(content, name="hostile.npy")
    server.content[path_of(entry)] = content
    assert fetch(root, server, entry).result is Result.FETCHED
    with pytest.raises(DataError, match="nothing of it was executed"):
        read_pickled_npy(root / "a-set" / "hostile.npy")
    assert not trace.exists()


# ---------------------------------------------------------------------- where a fetch may lead


def test_redirects_within_the_mirror_are_followed(root, server):
    server.content["/elsewhere"] = CONTENT
    server.plan[path_of(make_entry())] = ["/elsewhere"]
    assert fetch(root, server).result is Result.FETCHED


def test_redirects_to_plain_http_are_refused_unseen(serve, root, server):
    with serve({"/x": CONTENT}) as other:
        server.plan[path_of(make_entry())] = [f"{other.url}/x"]
        assert refused(fetch(root, server), "https on every hop")
        assert other.requests == []
    assert left(root) == []


@pytest.mark.parametrize("target", ["http://[::1/x", "ftp://127.0.0.1/x", "file:///etc/hostname"])
def test_redirects_to_odd_addresses_are_refused(root, server, target):
    server.plan[path_of(make_entry())] = [target]
    outcome = fetch(root, server)
    assert outcome.result is Result.FAILED
    assert "checksum" not in str(outcome.error)


def test_redirects_in_a_circle(root, server):
    server.plan[path_of(make_entry())] = [path_of(make_entry())] * 99
    assert refused(fetch(root, server), "without end")
    assert len(server.requests) == connection.HOPS


class Canned(BaseAdapter):
    """Stands in for hosts on the network: each answers with a redirect, or with the content."""

    def __init__(self, redirects):
        super().__init__()
        self.redirects, self.asked = redirects, []

    def send(self, request, **options):
        self.asked.append(request.url)
        response = requests.Response()
        target = self.redirects.get(request.url)
        response.status_code, response.url, response.request = (302 if target else 200), request.url, request
        response.headers = requests.structures.CaseInsensitiveDict({"Location": target} if target else {})
        response.raw = HTTPResponse(b"")
        return response

    def close(self):
        pass


def test_without_a_mirror_every_hop_is_encrypted(monkeypatch):
    monkeypatch.setattr(Connection, "_reach", lambda self, url: None)
    canned = Canned({"https://a.org/1": "https://b.org/2", "https://b.org/2": "http://b.org/3"})
    with Connection() as session:
        session._session.mount("https://", canned)
        session._session.mount("http://", canned)
        with pytest.raises(DownloadError, match="https on every hop"):
            session.open("https://a.org/1")
        assert canned.asked == ["https://a.org/1", "https://b.org/2"]
        with pytest.raises(DownloadError, match="https on every hop"):
            session.open("http://a.org/1")
        canned.redirects.clear()
        assert session.open("https://a.org/1").status_code == 200


# ---------------------------------------------------------------------- unreachable hosts


def two_entries():
    return [make_entry(), make_entry(b"second", name="second.bin", entry_id="second")]


def gives_up(root, mirror):
    started = time.perf_counter()
    first, second = fetch_entries(two_entries(), root, mirror=mirror)
    seconds = time.perf_counter() - started
    assert first.result is Result.FAILED
    assert second.result is Result.NOT_TRIED
    assert isinstance(first.error, UnreachableError)
    assert second.error is first.error
    assert "cannot be reached" in str(first.error)
    assert "--mirror" in str(first.error)
    assert left(root) == []
    return seconds


def test_a_closed_port_ends_all_fetching_at_once(root):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert gives_up(root, f"http://127.0.0.1:{port}") < 5


def test_a_silent_host_ends_all_fetching_within_ten_seconds(root):
    with socket.create_server(("127.0.0.1", 0), backlog=8) as silent:
        assert REACH_SECONDS - 1 < gives_up(root, f"http://127.0.0.1:{silent.getsockname()[1]}") < 10


def test_a_firewall_that_resets_ends_all_fetching_at_once(root):
    def reset():
        client, _ = firewall.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    with socket.create_server(("127.0.0.1", 0)) as firewall:
        threading.Thread(target=reset, daemon=True).start()
        assert gives_up(root, f"http://127.0.0.1:{firewall.getsockname()[1]}") < 5


def test_a_name_server_that_hangs_ends_all_fetching_in_time(root, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(connection, "REACH_SECONDS", 0.5)
    monkeypatch.setattr(
        connection._OneHop, "head", lambda *a, **k: over.wait(30) and Canned({}).send(requests.Request())
    )
    assert gives_up(root, "http://127.0.0.1:9") < 5
    over.set()


def test_what_is_there_needs_no_network(serve, root):
    with serve({path_of(make_entry()): CONTENT}) as server:
        fetch(root, server)
        url = server.url
    missing, there = make_entry(b"second", name="second.bin", entry_id="second"), make_entry()
    outcomes = fetch_entries([missing, there], root, mirror=url)
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.ALREADY_THERE]


def test_a_host_that_goes_away_is_looked_for_again(root, server, monkeypatch):
    """After a broken connection the next attempt does not trust that the host was reached before."""
    server.plan[path_of(make_entry())] = ["cut"]
    asked = []
    ask = connection._ask
    monkeypatch.setattr(connection, "_ask", lambda url, failure: (asked.append(url), ask(url, failure)))
    fetch(root, server)
    assert len(asked) == 2


# ---------------------------------------------------------------------- a full disk


def test_no_room_is_noticed_before_anything_is_fetched(root, server, monkeypatch):
    free = len(CONTENT) + 5  # room for either, not for both
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, free))
    outcomes = fetch_entries(two_entries(), root, mirror=server.url)
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.NOT_TRIED]
    assert "no room" in str(outcomes[0].error)
    assert server.requests == []
    assert left(root) == []
    assert fetch(root, server).result is Result.FETCHED


class FullDisk:
    """A file on a disk with room for `room` bytes."""

    def __init__(self, stream, room):
        self.stream, self.room = stream, room

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stream.close()

    def write(self, data):
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        return self.stream.write(data)

    def __getattr__(self, name):
        return getattr(self.stream, name)


@pytest.fixture
def full_disk(monkeypatch, root):
    opened = Path.open

    def open_on_full_disk(path, mode="r", *arguments, **options):
        stream = opened(path, mode, *arguments, **options)
        writes = set(mode) & set("wa") and path.is_relative_to(root)
        return FullDisk(stream, 150_000) if writes else stream

    monkeypatch.setattr(Path, "open", open_on_full_disk)


def test_a_disk_that_fills_up_leaves_nothing(root, server, full_disk):
    assert refused(fetch(root, server), "disk is full")
    assert left(root) == []
    assert len(server.requests) == 1


def test_a_disk_that_fills_up_while_copying_leaves_nothing(root, folder, full_disk):
    (outcome,) = fetch_entries([make_entry()], root, mirror=folder)
    assert refused(outcome, "disk is full")
    assert left(root) == []


def test_a_folder_that_cannot_be_written(tmp_path, server):
    (tmp_path / "data").write_text("a file where the folder should be")
    assert refused(fetch(tmp_path / "data", server), "cannot be written")


# ---------------------------------------------------------------------- mirrors


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mirror" / HOST / "some"
    place.mkdir(parents=True)
    (place / "file.bin").write_bytes(CONTENT)
    return tmp_path / "mirror"


def test_mirror_folder(root, folder):
    (outcome,) = fetch_entries([make_entry()], root, mirror=folder)
    assert outcome.result is Result.FETCHED
    assert (root / "a-set" / "file.bin").read_bytes() == CONTENT
    assert left(root) == ["a-set/file.bin"]


@pytest.mark.parametrize(
    ("content", "words"), [(CONTENT[:-1], "another size"), (CONTENT[:-1] + b"x", "another checksum")]
)
def test_mirror_folder_with_a_wrong_file(root, folder, content, words):
    (folder / HOST / "some" / "file.bin").write_bytes(content)
    (outcome,) = fetch_entries([make_entry()], root, mirror=folder)
    assert refused(outcome, words)
    assert left(root) == []


def test_mirror_folder_without_the_file(root, folder):
    outcomes = fetch_entries(reversed(two_entries()), root, mirror=folder)
    assert refused(outcomes[0], "does not hold the file")
    assert outcomes[1].result is Result.FETCHED


@pytest.mark.parametrize(
    "mirror",
    [
        "/no/such/folder",
        "ftp://host/x",
        "https://",
        "https://me:secret@host/x",
        "https://host/x?y=1",
        "https://host?y=1",
    ],
)
def test_odd_mirrors_are_refused(root, mirror):
    with pytest.raises(DownloadError, match="neither a folder nor an address") as caught:
        fetch_entries([make_entry()], root, mirror=mirror)
    assert "secret" not in str(caught.value)


def test_nothing_is_written_through_a_link_out_of_the_data_folder(root, folder, tmp_path):
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "a-set").symlink_to(tmp_path / "outside")
    (outcome,) = fetch_entries([make_entry()], root, mirror=folder)
    assert outcome.result is Result.FAILED
    assert "leads out of it" in str(outcome.error)
    assert list((tmp_path / "outside").iterdir()) == []


def test_small_public_files_through_http(serve, mirror, root, monkeypatch):
    """The true manifest against a web server over the true bytes."""
    small = [entry for entry in load_manifest().entries if entry.fetched_with_the_book]
    content = {}
    for file in (file for entry in small for file in entry.files):
        place = file.url.removeprefix("https://")
        content[f"/{place}"] = (mirror / place).read_bytes()
    with serve(content) as server:
        server.plan = {path: ["cut"] for path in list(content)[::3]}
        outcomes = fetch_entries(small, root, mirror=server.url)
    assert {outcome.result for outcome in outcomes} == {Result.FETCHED}
    assert len(outcomes) == 17
    monkeypatch.setenv("COMPANION_DATA", str(root))
    for entry in small:
        assert status(entry).complete
        for file in entry.files:
            assert (
                data_file(entry.id, file.name).read_bytes()
                == content["/" + file.url.removeprefix("https://")]
            )
    assert all(FileState.PRESENT is state for entry in small for state in status(entry).files.values())
