"""The allow-list pickle reader: official forms are read, all else is refused and nothing is executed."""

import contextlib
import io
import os
import pickle
import struct
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from companion.errors import DataError
from companion.loading import pickle_source
from companion.loading.pickled_arrays import MAP_FROM, ArrayLocation, read_blocks
from companion.loading.pickles import DEEPEST, locate_arrays, read_pickled_npy

PROTOCOLS = (2, 3, 4, 5)


def contents():
    rng = np.random.default_rng(0)
    return {
        "preprocessed_eeg_data": rng.normal(size=(3, 2, 4, 5)),
        "single": rng.normal(size=(6, 7)).astype(np.float32),
        "big_endian": np.arange(12, dtype=">i4").reshape(3, 4),
        "fortran": np.asfortranarray(rng.normal(size=(4, 3))),
        "flags": np.array([True, False, True]),
        "complex": np.array([1 + 2j]),
        "words": np.array(["tree", "ätna", "脳"]),
        "byte_words": np.array([b"ab", b"c"]),
        "objects": np.array(["a", None, 3.5, [1, 2]], dtype=object),
        "ch_names": ["Pz", "Oz"],
        "times": np.linspace(-0.2, 0.8, 100),
        "nothing": None,
        "yes": True,
        "numbers": [0, 1, 255, 65535, -1, 2**31, -(2**70), 1.5, float("inf")],
        "scalar": np.float32(2.5),
        "word": np.str_("abc"),
        "empty_word": np.str_(""),
        "nested": {"shape": (), "pair": (1, 2), "triple": (1, 2, 3), "four": (1, 2, 3, 4)},
        "long text": "x" * 70_000,
    }


def same(ours, original):
    assert type(ours) is type(original) or isinstance(ours, np.ndarray)
    if isinstance(original, np.ndarray):
        assert ours.dtype == original.dtype
        assert ours.shape == original.shape
        if original.dtype == object:
            assert all(same(one, other) for one, other in zip(ours.flat, original.flat, strict=True))
        else:
            np.testing.assert_array_equal(ours, original)
    elif isinstance(original, dict):
        assert list(ours) == list(original)
        assert all(same(ours[key], original[key]) for key in original)
    elif isinstance(original, (list, tuple)):
        assert all(same(one, other) for one, other in zip(ours, original, strict=True))
    else:
        assert ours == original
    return True


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.fixture
def wrap(tmp_path):
    """Write raw pickle bytes to a file."""
    return lambda data: written(tmp_path / "file.npy", data)


# ---------------------------------------------------------------------- what is read


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bare_pickle_gives_the_same_as_python(wrap, protocol):
    original = contents()
    if protocol == 2:  # writes bytes without content as a call of bytes(), which is not on the list
        del original["empty_word"]
    same(read_pickled_npy(wrap(pickle.dumps(original, protocol))), original)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_python_implementation_of_pickle_is_read_too(wrap, protocol):
    stream = io.BytesIO()
    original = contents()
    del original["empty_word"]
    pickle._Pickler(stream, protocol).dump(original)
    same(read_pickled_npy(wrap(stream.getvalue())), original)


def test_pickle_in_npy_is_unwrapped(tmp_path):
    np.save(tmp_path / "a.npy", contents(), allow_pickle=True)
    same(read_pickled_npy(tmp_path / "a.npy"), contents())


def test_array_of_objects_keeps_its_shape(tmp_path):
    objects = np.empty((2, 3), dtype=object)
    objects[:] = [["a", 1, None], [2.5, "b", [1]]]
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    same(read_pickled_npy(tmp_path / "a.npy"), objects)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_empty_arrays(wrap, protocol):
    original = {"none": np.empty((0, 3)), "zero": np.array(5.0), "no objects": np.empty(0, dtype=object)}
    same(read_pickled_npy(wrap(pickle.dumps(original, protocol))), original)


@pytest.mark.parametrize("protocol", [2, 3])  # in 4 and 5 names carry their length
def test_old_and_new_names_of_numpy(wrap, protocol):
    data = pickle.dumps(contents()["times"], protocol)
    assert b"numpy._core" in data
    for name in (b"numpy._core", b"numpy.core"):
        same(read_pickled_npy(wrap(data.replace(b"numpy._core", name))), contents()["times"])


def test_shared_lists_and_arrays_are_read(wrap):
    names, times = ["Pz", "Oz"], np.arange(4.0)
    read = read_pickled_npy(wrap(pickle.dumps({"a": names, "b": names, "c": times, "d": times}, 4)))
    assert read["a"] is read["b"]
    assert read["c"] is read["d"]


def test_arrays_are_read_only(wrap):
    read = read_pickled_npy(wrap(pickle.dumps({"x": np.arange(3.0), "y": np.zeros(MAP_FROM)}, 4)))
    for array in read.values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_official_metadata(mirror, real):
    path = next(mirror.rglob("image_metadata.npy"))
    ours = read_pickled_npy(path)
    assert {"train_img_concepts", "train_img_files", "test_img_concepts", "test_img_files"} <= set(ours)
    assert len(ours["train_img_files"]) == 16540
    assert len(ours["test_img_files"]) == 200
    # oracle: numpy itself, which executes what it is given; this file has the checksum of the manifest
    same(ours, np.load(path, allow_pickle=True).item())


# ---------------------------------------------------------------------- large arrays


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_located_arrays_are_where_they_are_said_to_be(tmp_path, protocol):
    original = contents()
    path = written(tmp_path / "a.npy", pickle.dumps(original, protocol))
    found = locate_arrays(path)
    assert set(found) == {
        key for key, value in original.items() if isinstance(value, np.ndarray) and value.dtype != object
    }
    for key, location in found.items():
        np.testing.assert_array_equal(location.memory_map(), original[key])
        if location.order == "C":
            np.testing.assert_array_equal(np.concatenate(list(read_blocks(location, 2))), original[key])


def test_blocks_refuse_what_has_no_rows(tmp_path):
    path = written(tmp_path / "a.npy", pickle.dumps({"f": np.asfortranarray(np.ones((3, 2)))}, 4))
    with pytest.raises(ValueError, match="Fortran"):
        next(read_blocks(locate_arrays(path)["f"], 1))
    with pytest.raises(ValueError, match="row"):
        next(read_blocks(ArrayLocation(path, 0, (), np.dtype(float), "C"), 1))


def test_large_array_never_lies_in_memory(tmp_path):
    n_rows, row = 60, (4, 63, 250)  # 30 MB, in the official shape of a subject
    original = {"preprocessed_eeg_data": np.arange(n_rows * 63000, dtype=float).reshape(n_rows, *row)}
    path = tmp_path / "preprocessed_eeg_training.npy"
    with path.open("wb") as stream:
        pickle.dump(original, stream, protocol=4)
    total = original["preprocessed_eeg_data"].sum()
    del original
    tracemalloc.start()
    location = locate_arrays(path)["preprocessed_eeg_data"]
    summed = sum(block.sum() for block in read_blocks(location, 5))
    mapped = read_pickled_npy(path)["preprocessed_eeg_data"]
    assert mapped.shape == (n_rows, *row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert summed == total
    assert peak < 12e6


def test_protocol_2_arrays_cannot_be_located(wrap):
    with pytest.raises(DataError, match="protocol 2"):
        locate_arrays(wrap(pickle.dumps({"x": np.arange(3.0)}, 2)))


def test_only_dictionaries_are_searched(wrap):
    with pytest.raises(DataError, match="no dictionary"):
        locate_arrays(wrap(pickle.dumps([1], 4)))


# ---------------------------------------------------------------------- hostile files


class Alarm:
    """Listens to the interpreter itself: whatever a pickle could do to the machine raises an audit event."""

    harmless = ("builtins.id", "object.__getattr__", "mmap.__new__", "gc.")

    def __init__(self):
        self.heard = None
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if self.heard is None or event.startswith(self.harmless):
            return
        if event == "open" and str(arguments[0]).endswith("file.npy"):
            return
        self.heard.append((event, arguments))


ALARM = Alarm()  # an audit hook cannot be taken away, only made deaf


@pytest.fixture
def alarm():
    ALARM.heard = []
    yield ALARM.heard
    ALARM.heard = None


def test_the_alarm_hears_an_executed_pickle(alarm):
    pickle.loads(WRITTEN["os.system", 4])
    assert {"pickle.find_class", "os.system"} <= {event for event, _ in alarm}


class Call:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function, *arguments, state=None):
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.reduced


class Setter:
    """Has a ``__setstate__`` that a BUILD instruction would call."""

    def __setstate__(self, state):
        os.system("true")  # noqa: S605 - never called if the reader is right


_array_parts = np.arange(3.0).__reduce__()
_reconstruct = _array_parts[0]
_scalar = np.float64(1).__reduce__()[0]
PAIR = np.dtype([("a", "f8"), ("b", "O")])

HOSTILE = {
    "os.system": Call(os.system, "true"),
    "eval": Call(eval, "__import__('os').system('hostile')"),
    "exec": Call(exec, "hostile = 1"),
    "open": Call(open, "/hostile"),
    "getattr": Call(getattr, "hostile", "upper"),
    "numpy.load": Call(np.load, "hostile.npy"),
    "numpy.fromfile": Call(np.fromfile, "hostile"),
    "numpy.frombuffer": Call(np.frombuffer, b"12345678"),
    "numpy.memmap": Call(np.memmap, "hostile"),
    "numpy.vectorize": Call(np.vectorize, print),
    "numpy.array": Call(np.array, [1]),
    "ndarray called": Call(np.ndarray, (2,)),
    "ndarray over a shape of 2**40": Call(np.ndarray, (2**40,)),
    "reconstruct another class": Call(_reconstruct, np.memmap, (0,), b"b"),
    "reconstruct a large array": Call(_reconstruct, np.ndarray, (2**40,), b"b"),
    "reconstruct objects": Call(_reconstruct, np.ndarray, (0,), b"O"),
    "nested in a dtype": Call(np.dtype, Call(os.system, "hostile")),
    "nested in a scalar": Call(_scalar, np.dtype("f8"), Call(os.system, "hostile")),
    "nested in an array": [np.array([Call(os.system, "hostile")], dtype=object)],
    "nested in a key": {Call(os.system, "hostile"): 1},
    "nested in a state": Call(_reconstruct, np.ndarray, (0,), b"b", state=(Call(os.system, "hostile"),)),
    "scalar of objects": Call(_scalar, np.dtype(object), b"12345678"),
    "scalar of the wrong size": Call(_scalar, np.dtype("f8"), b"1234567"),
    "scalar without bytes": Call(_scalar, np.dtype("f8")),
    "dtype of fields with objects": np.zeros(2, PAIR),
    "dtype from a dictionary": Call(np.dtype, {"names": ["a"], "formats": ["O"]}),
    "dtype from a text with commas": Call(np.dtype, "f8,O", False, True),
    "dtype with a subarray": Call(np.dtype, "(2,)f8", False, True),
    "dtype of raw memory": Call(np.dtype, "V16", False, True),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "long doubles": np.zeros(2, np.longdouble),
    "datatype as content": np.dtype("f8"),
    "a class as content": [np.ndarray],
    "setstate of an odd object": Setter(),
    "state for a list": Call(list, state={"hostile": 1}),
    "sets": {1, 2},
    "frozen sets": frozenset([1]),
    "bytes": b"raw",
    "bytes in a list": [b"raw" * 1000],
    "bytearray": bytearray(b"raw"),
    "complex number": 1j,
    "slice": slice(1, 2),
    "range": range(3),
    "path": Path("hostile"),
    "number as key": {1: 2},
    "tuple as key": {(1, 2): 2},
    "masked array": np.ma.array([1.0]),
    "matrix": np.rec.array([(1, 2)]),
    "encode with another codec": Call(__import__("_codecs").encode, "hostile", "rot13"),
    "generator": np.random.default_rng(0),
}


# written before the alarm replaces functions, which are pickled by name
WRITTEN = {
    (name, protocol): pickle.dumps(HOSTILE[name], protocol) for name in HOSTILE for protocol in PROTOCOLS
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_object_is_refused(wrap, alarm, name, protocol):
    path = wrap(WRITTEN[name, protocol])
    alarm.clear()
    for reader in (read_pickled_npy, locate_arrays):
        with pytest.raises(DataError, match="nothing of it was executed"):
            reader(path)
    assert alarm == []


def p(*parts, protocol=4, stop=b"."):
    return b"\x80" + bytes([protocol]) + b"".join(parts) + stop


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def raw_bytes(value):
    return b"B" + struct.pack("<I", len(value)) + value


def named(module, name):
    return f"c{module}\n{name}\n".encode()


MULTIARRAY = "numpy.core.multiarray"
BEGUN = (
    named(MULTIARRAY, "_reconstruct") + named("numpy", "ndarray") + b"K\x00\x85" + raw_bytes(b"b") + b"\x87R"
)


def dtype(code="f8", state=b"(K\x03U"):
    order = text("<")
    return (
        named("numpy", "dtype") + text(code) + b"\x89\x88\x87R"
        b"(K\x03" + order + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )


def array(data, *, shape=b"K\x02\x85", dtype_=None, fortran=b"\x89", version=b"K\x01"):
    return BEGUN + b"(" + version + shape + (dtype_ or dtype()) + fortran + data + b"tb"


SIXTEEN = raw_bytes(bytes(16))

INSTRUCTIONS = {
    "INST": p(b"(ios\nsystem\n"),
    "OBJ": p(b"(" + named("numpy", "ndarray") + b"K\x01o"),
    "NEWOBJ": p(named("numpy", "ndarray") + b"K\x02\x85\x85\x81"),
    "NEWOBJ_EX": p(named("numpy", "ndarray") + b")}\x92"),
    "EXT1": p(b"\x82\x01"),
    "EXT2": p(b"\x83\x01\x00"),
    "EXT4": p(b"\x84\x01\x00\x00\x00"),
    "PERSID": p(b"Phostile\n"),
    "BINPERSID": p(text("hostile") + b"Q"),
    "NEXT_BUFFER": p(b"\x97", protocol=5),
    "READONLY_BUFFER": p(SIXTEEN + b"\x98", protocol=5),
    "DUP": p(b"]2"),
    "POP": p(b"]]0"),
    "POP_MARK": p(b"](1"),
    "INT": p(b"I1\n"),
    "LONG": p(b"L1L\n"),
    "LONG4": p(b"\x8b\x01\x00\x00\x00\x01"),
    "FLOAT": p(b"F1.0\n"),
    "STRING": p(b"S'a'\n"),
    "BINSTRING": p(b"T\x01\x00\x00\x00a"),
    "SHORT_BINSTRING": p(b"U\x01a"),
    "UNICODE": p(b"Va\n"),
    "LIST": p(b"(l"),
    "DICT": p(b"(d"),
    "GET": p(b"]q\x00g0\n"),
    "PUT": p(b"]p0\n"),
    "EMPTY_SET": p(b"\x8f"),
    "ADDITEMS": p(b"](K\x01\x90"),
    "FROZENSET": p(b"(\x91"),
    "PROTO": p(b"\x80\x04N"),
    "0xff": p(b"\xff"),
}


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_other_instructions_are_refused_by_name(wrap, alarm, name):
    path = wrap(INSTRUCTIONS[name])
    alarm.clear()
    with pytest.raises(DataError, match=rf"instruction {name} is not on the list"):
        read_pickled_npy(path)
    assert alarm == []


def test_every_kept_instruction_is_needed(wrap):
    """The list is no longer than what four protocols write for real contents."""
    import pickletools

    from companion.loading.pickle_machine import AllowListUnpickler

    used = set()
    for protocol in PROTOCOLS:
        for dump in (pickle.dumps, pickle._dumps):
            extra = [1], {"a": 1}, [bytes(300)], bytearray(3), list(range(300)), [[n] for n in range(300)]
            for value in (contents(), *extra):
                data = dump(value, protocol)
                used |= {opcode.code for opcode, *_ in pickletools.genops(data)}
            shared = [str(number) for number in range(300)]
            used |= {
                opcode.code for opcode, *_ in pickletools.genops(dump([shared, shared, *shared], protocol))
            }
    kept = {chr(code) for code, load in AllowListUnpickler.dispatch.items() if load.__name__ != "refuse"}
    assert kept - used == {"\x8d", "\x8e"}  # texts and bytes of 4 GB and more


def test_handwritten_array_is_read(wrap):
    np.testing.assert_array_equal(read_pickled_npy(wrap(p(array(SIXTEEN)))), np.zeros(2))


DAMAGED = {
    "too few bytes": array(raw_bytes(bytes(15))),
    "too many bytes": array(raw_bytes(bytes(17))),
    "shape that overflows 64 bits": array(SIXTEEN, shape=b"\x8a\x06" + bytes(5) + b"\x01" + b"K\x10\x86"),
    "negative shape": array(SIXTEEN, shape=b"J\xfe\xff\xff\xff\x85"),
    "shape of a float": array(SIXTEEN, shape=b"G" + struct.pack(">d", 2) + b"\x85"),
    "shape of a truth value": array(raw_bytes(bytes(8)), shape=b"\x88\x85"),
    "shape as a list": array(SIXTEEN, shape=b"]K\x02a"),
    "shape of 33 axes": array(raw_bytes(bytes(8)), shape=b"(" + b"K\x01" * 33 + b"t"),
    "another version": array(SIXTEEN, version=b"K\x02"),
    "order as a list": array(SIXTEEN, fortran=b"]"),
    "objects in raw bytes": array(SIXTEEN, dtype_=dtype("O8").replace(b"X\x01\x00\x00\x00<", text("|"))),
    "numbers in a list": array(b"](K\x01K\x02e"),
    "no type": array(SIXTEEN, dtype_=b"N"),
    "type without a state": array(SIXTEEN, dtype_=named("numpy", "dtype") + text("f8") + b"\x89\x88\x87R"),
    "array without a state": b"]" + BEGUN + b"a",
    "array in itself": BEGUN + b"q\x00(K\x01K\x01\x85" + dtype("O8") + b"\x89](h\x00etb",
    "two states": array(SIXTEEN) + b"(K\x01tb",
    "append to an array": array(SIXTEEN) + b"K\x01a",
    "append to a text": text("a") + b"K\x01a",
    "extend raw bytes": b"\x96" + struct.pack("<Q", 1) + b"a(K\x01e",
    "item of an array": array(SIXTEEN) + b"K\x00K\x01s",
    "items of a list": b"](" + text("a") + b"K\x01u",
    "odd number of items": b"}(" + text("a") + b"K\x01" + text("b") + b"u",
    "list in itself": b"]q\x00h\x00a",
    "dictionary in itself": b"}q\x00" + text("a") + b"h\x00s",
    "call of a text": text("os.system") + b")R",
    "call without a tuple": named("numpy", "dtype") + b"]R",
    "call with too many arguments": named("numpy", "dtype") + b"(" + b"K\x01" * 9 + b"tR",
    "call of encode with a list": named("_codecs", "encode") + b"]\x85R",
    "name from the stack that is no text": b"K\x01K\x02\x93",
    "name behind dots": b"\x8c\x05numpy\x8c\x0dndarray.tobyt\x93",
    "name without an end": b"c" + b"a" * 1000,
    "memory that was never filled": b"h\x07",
    "surplus": b"NN",
    "open mark": b"(N",
    "nothing": b"",
    "broken text": b"X\x02\x00\x00\x00\xff\xfe",
    "text longer than the file": b"X\xff\xff\xff\xff",
    "text of 2**63 bytes": b"\x8d" + struct.pack("<Q", 2**63),
    "bytes of 2**63": b"\x8e" + struct.pack("<Q", 2**63),
    "bytearray of 2**63": b"\x96" + struct.pack("<Q", 2**63),
    "frame of 2**63": b"\x95" + struct.pack("<Q", 2**63) + b"N",
    "frame longer than the file": b"\x95" + struct.pack("<Q", 100) + b"N",
    "integer longer than the file": b"\x8a\xff",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_pickle_is_refused(wrap, alarm, name):
    path = wrap(p(DAMAGED[name]))
    tracemalloc.start()
    alarm.clear()
    for reader in (read_pickled_npy, locate_arrays):
        with pytest.raises(DataError, match="nothing of it was executed"):
            reader(path)
    assert tracemalloc.get_traced_memory()[1] < 2e6, "a declared size was allocated"
    tracemalloc.stop()
    assert alarm == []


@pytest.mark.parametrize("start", [b"", b"\x80", b"\x80\x01N.", b"\x80\x06N.", b"N.", b"(lp0\n."])
def test_other_protocols_are_refused(wrap, start):
    with pytest.raises(DataError, match="nothing of it was executed"):
        read_pickled_npy(wrap(start))


def test_bytes_after_the_end_are_refused(wrap):
    with pytest.raises(DataError, match="more follows"):
        read_pickled_npy(wrap(p(b"N") + b"\x00"))


def test_message_says_what_where_and_what_to_do(wrap):
    path = wrap(pickle.dumps(Call(os.system, "echo"), 4))
    with pytest.raises(DataError) as caught:
        read_pickled_npy(path)
    message = str(caught.value)
    assert str(path) in message
    assert "system" in message
    assert "what to do" in message


def test_names_cannot_write_to_the_terminal(wrap):
    with pytest.raises(DataError) as caught:
        read_pickled_npy(wrap(p(b"c\x1b[2Jos\nsystem\n")))
    assert "\x1b" not in str(caught.value)


def test_missing_file_folder_and_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    for path in (tmp_path / "none.npy", tmp_path, tmp_path / "pipe.npy"):
        with pytest.raises(DataError, match="cannot be read"):
            read_pickled_npy(path)


def npy(header, body, version=b"\x01\x00"):
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + body


HEADERS = {
    "numbers": b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n",
    "python in the header": b"{'descr': '|O', 'fortran_order': False, 'shape': (exit(),), }\n",
    "another shape": b"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }\n",
    "slow to search": b"{'descr': '|O', 'fortran_order': False, 'shape': (" + b"1" * 3000 + b"\n",
    "brackets": b"(" * 4000,
    "nothing": b"",
}


@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"])
@pytest.mark.parametrize("name", HEADERS)
def test_odd_npy_headers_are_refused_quickly(wrap, name, version):
    started = time.perf_counter()
    with pytest.raises(DataError, match="nothing of it was executed"):
        read_pickled_npy(wrap(npy(HEADERS[name], pickle.dumps(np.array({}, dtype=object), 3), version)))
    assert time.perf_counter() - started < 1


def test_plain_npy_is_named_as_such(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    with pytest.raises(DataError, match="allow_pickle=False"):
        read_pickled_npy(tmp_path / "a.npy")


# ---------------------------------------------------------------------- bombs


def test_too_many_parts(wrap, monkeypatch):
    monkeypatch.setattr(pickle_source, "MOST_READS", 1000)
    assert len(read_pickled_npy(wrap(p(b"](" + b"N" * 900 + b"e")))) == 900
    with pytest.raises(DataError, match="more than 1000 parts"):
        read_pickled_npy(wrap(p(b"](" + b"N" * 1000 + b"e")))


def test_the_same_bytes_used_again_and_again_are_counted(wrap, monkeypatch):
    monkeypatch.setattr(pickle_source, "MOST_COPIED", 100_000)
    one = array(b"h\x01", shape=b"M\xe8\x03\x85", dtype_=dtype("u1").replace(b"<", b"|"))
    start = b"](" + raw_bytes(bytes(1000)) + b"q\x01"
    with pytest.raises(DataError, match="more than 100000 bytes"):
        read_pickled_npy(wrap(p(start + one * 200 + b"e")))


def test_the_same_list_used_again_and_again_is_counted(wrap, monkeypatch):
    monkeypatch.setattr(pickle_source, "MOST_COPIED", 1_000_000)
    objects = array(b"h\x01", shape=b"M\xe8\x03\x85", dtype_=dtype("O8"))
    start = b"](](" + b"N" * 1000 + b"eq\x01"
    assert len(read_pickled_npy(wrap(p(start + objects * 2 + b"e")))) == 3
    with pytest.raises(DataError, match="more than 1000000 bytes"):
        read_pickled_npy(wrap(p(start + objects * 20 + b"e")))


def test_deep_nesting(wrap):
    assert read_pickled_npy(wrap(p(b"]" * DEEPEST + b"a" * (DEEPEST - 1))))
    with pytest.raises(DataError, match="levels"):
        read_pickled_npy(wrap(p(b"]" * 100_000 + b"a" * 99_999)))


def test_lists_of_the_same_lists_cost_no_more_than_their_bytes(wrap):
    """Twenty-five lists, each holding the one before ten times: 10 to the 25th values, were they counted."""
    started = time.perf_counter()
    lists = b"(]q\x00" + b"".join(b"](" + b"h%c" % n * 10 + b"eq%c" % (n + 1) for n in range(25)) + b"t"
    assert len(read_pickled_npy(wrap(p(lists)))) == 26
    with pytest.raises(DataError):
        read_pickled_npy(wrap(p(lists + array(SIXTEEN, shape=b"h\x19") + b"\x86")))
    assert time.perf_counter() - started < 2


def test_content_used_again_and_again_is_looked_at_once(wrap):
    """A dictionary and an array of 20,000 values, each in 20,000 places: 800 million, were they counted."""
    items = b"".join(text(str(number)) + b"N" for number in range(20_000))
    dictionary = b"}q\x00(" + items + b"u"
    objects = array(b"](" + b"N" * 20_000 + b"e", shape=b"M\x20\x4e\x85", dtype_=dtype("O8")) + b"q\x01"
    again = b"](" + b"h\x00" * 20_000 + b"h\x01" * 20_000 + b"e"
    started = time.process_time()
    assert len(read_pickled_npy(wrap(p(b"(" + dictionary + objects + again + b"t")))[2]) == 40_000
    assert time.process_time() - started < 5


HALF = b"\x8c\x03\xed\xa0\x80"  # half of a character, which Python's own pickles may hold
NO_UNICODE = {
    "half a character": HALF,
    "half a character as a key": b"}" + HALF + b"Ns",
    "array of halves": array(raw_bytes(struct.pack("<II", 0xD800, 65)), dtype_=dtype("U1")),
    "array beyond Unicode": array(raw_bytes(b"\xff" * 8), dtype_=dtype("U1")),
    "number type of texts": named(MULTIARRAY, "scalar") + dtype("U1") + raw_bytes(b"\xff" * 4) + b"\x86R",
    "large array beyond Unicode": array(
        raw_bytes(bytes(MAP_FROM) + b"\xff" * 4), shape=b"J\x01\x00\x04\x00\x85", dtype_=dtype("U1")
    ),
}


@pytest.mark.parametrize("name", NO_UNICODE)
def test_texts_that_are_no_unicode_are_refused(wrap, name):
    """They could be read, and failed wherever a text was then written or compared."""
    with pytest.raises(DataError, match="UnicodeDecodeError"):
        read_pickled_npy(wrap(p(NO_UNICODE[name])))


@pytest.mark.parametrize("reader", [read_pickled_npy, locate_arrays])
def test_many_elements_of_no_bytes_are_refused(wrap, reader):
    """A shape of 2**32 with elements of no bytes needs no bytes in the file."""
    empty = array(
        raw_bytes(b""), shape=b"\x8a\x05\x00\x00\x00\x00\x01\x85", dtype_=dtype("S0").replace(b"<", b"|")
    )
    with pytest.raises(DataError, match="nothing of it was executed"):
        reader(wrap(p(b"}" + text("a") + empty + b"s")))


# ---------------------------------------------------------------------- anything at all


SEEDS = [pickle.dumps(contents(), protocol) for protocol in PROTOCOLS] + [p(array(SIXTEEN))]
bounded = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def only_data_errors(path, data):
    """Read it, or refuse it, within two seconds of this process: a busy machine does not count."""
    begun = time.process_time()
    for reader in (read_pickled_npy, locate_arrays):
        with contextlib.suppress(DataError):
            reader(written(path, data))
    assert time.process_time() - begun < 2


@bounded
@given(st.binary(max_size=400))
@example(b"\x93NUMPY\x01\x00")
def test_random_bytes(tmp_path, data):
    only_data_errors(tmp_path / "a.npy", data)
    only_data_errors(tmp_path / "a.npy", b"\x80\x04" + data)


@bounded
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=9), st.integers(0, 9)), max_size=6),
)
def test_changed_files(tmp_path, data, changes):
    small = data[:2500]  # without the end and with it
    for whole in (data, small):
        changed = bytearray(whole)
        for where, new, drop in changes:
            at = int(where * len(changed))
            changed[at : at + drop] = new
        only_data_errors(tmp_path / "a.npy", bytes(changed))


instruction = st.sampled_from(
    [bytes([code]) for code in range(256)]
    + [
        BEGUN,
        dtype(),
        array(SIXTEEN),
        text("a"),
        SIXTEEN,
        b"q\x00",
        b"h\x00",
        b"K\x01",
        b"(",
        b"t",
        b"R",
        b"b",
    ]
    + [named(MULTIARRAY, "scalar"), named("_codecs", "encode"), b"]", b"}", b"e", b"u", b"\x85", b"\x87"]
)


@bounded
@given(st.lists(instruction, max_size=25))
def test_random_instructions(tmp_path, instructions):
    only_data_errors(tmp_path / "a.npy", p(*instructions))


@bounded
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**400), 2**400)
        | st.floats(allow_nan=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
        max_leaves=20,
    ),
    st.sampled_from(PROTOCOLS),
)
def test_any_plain_value_is_read_as_python_reads_it(tmp_path, value, protocol):
    data = pickle.dumps(value, protocol)
    assert read_pickled_npy(written(tmp_path / "a.npy", data)) == pickle.loads(data)
