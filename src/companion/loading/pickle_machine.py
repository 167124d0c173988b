"""The machine behind `companion.loading.pickles`: Python's own unpickler with its dangerous parts taken out.

Of its instructions only those stay that put together lists, dictionaries, numbers and texts. Those that
import, call, or give an object its state are replaced: an allowed name becomes a stand-in that can do
nothing, and what numpy's function of that name would have done is done by `ArrayMaker` with checked values.
All others are refused: persistent ids, extension codes, instances, sets, buffers kept elsewhere, and the
text forms of protocols 0 and 1.
"""

from __future__ import annotations

import pickle
import pickletools
import struct
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, ClassVar, NoReturn

from companion.loading.pickle_source import FormError, Source
from companion.loading.pickled_arrays import ArrayMaker, Unbuilt, plain_dtype


class _Name(Enum):
    """What a pickle may name; a stand-in without any ability."""

    RECONSTRUCT = auto()
    SCALAR = auto()
    FROMBUFFER = auto()
    NDARRAY = auto()
    DTYPE = auto()
    ENCODE = auto()


_ALLOWED = {
    ("numpy", "ndarray"): _Name.NDARRAY,
    ("numpy", "dtype"): _Name.DTYPE,
    ("_codecs", "encode"): _Name.ENCODE,  # how protocol 2 writes bytes
} | {
    (f"numpy.{core}.{module}", function): name
    for core in ("core", "_core")
    for module, function, name in (
        ("multiarray", "_reconstruct", _Name.RECONSTRUCT),
        ("multiarray", "scalar", _Name.SCALAR),
        ("numeric", "_frombuffer", _Name.FROMBUFFER),
    )
}

_KEPT = (
    pickle.MARK,
    pickle.STOP,
    pickle.NONE,
    pickle.NEWTRUE,
    pickle.NEWFALSE,
    pickle.BININT,
    pickle.BININT1,
    pickle.BININT2,
    pickle.LONG1,
    pickle.BINFLOAT,
    pickle.EMPTY_LIST,
    pickle.EMPTY_DICT,
    pickle.EMPTY_TUPLE,
    pickle.TUPLE,
    pickle.TUPLE1,
    pickle.TUPLE2,
    pickle.TUPLE3,
    pickle.MEMOIZE,
    pickle.BINPUT,
    pickle.LONG_BINPUT,
    pickle.GLOBAL,
    pickle.STACK_GLOBAL,
)

_OPCODE_NAMES = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}


def _refusal(code: int) -> Callable[[AllowListUnpickler], NoReturn]:
    name = _OPCODE_NAMES.get(code, f"{code:#04x}")

    def refuse(self: AllowListUnpickler) -> NoReturn:
        raise FormError(f"the pickle instruction {name} is not on the list of what arrays and texts need")

    return refuse


class AllowListUnpickler(pickle._Unpickler):
    """Unpickler of dictionaries, lists and tuples of arrays, numbers and texts.

    Parameters
    ----------
    source : Source
        The file, just after the protocol number.
    locate : bool
        Whether arrays stay in the file, as `ArrayLocation`.
    """

    stack: list[Any]
    metastack: list[list[Any]]
    memo: dict[int, Any]
    read: Callable[[int], bytes]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, source: Source, *, locate: bool) -> None:
        super().__init__(source)
        self._source = source
        maker = ArrayMaker(source, locate=locate)
        self._maker = maker
        self._calls: dict[_Name, Callable[..., Any]] = {
            _Name.RECONSTRUCT: lambda kind, shape, code: self._begin(kind, shape, code),
            _Name.DTYPE: lambda code, align, copy: Unbuilt(plain_dtype(code, align, copy)),
            _Name.SCALAR: maker.scalar,
            _Name.FROMBUFFER: maker.from_buffer,
            _Name.ENCODE: maker.encode,
        }

    def find_class(self, module: str, name: str) -> Any:
        """Stand-in for an allowed name; nothing is imported."""
        if (module, name) not in _ALLOWED:
            asked = ascii(f"{module}.{name}"[:100])
            raise FormError(f"the pickle wants to use {asked}, which is not on the list")
        return _ALLOWED[module, name]

    def load_frame(self) -> None:
        """Pass over the mark of a frame: frames only help buffering."""
        self._source.check_there(self._number("<Q"))

    def load_text(self, length_format: str) -> None:
        """Read a text; a half of a character, which Python lets pass, is refused, since no file takes it."""
        self.append(str(self.read(self._number(length_format)), "utf-8"))

    def load_payload(self, length_format: str) -> None:
        """Leave raw bytes in the file and remember where they are."""
        self.append(self._source.skip(self._number(length_format)))

    def load_get(self, key_format: str) -> None:
        """Fetch a remembered value; a type or an array only when it is complete."""
        value = self.memo[self._number(key_format)]
        if type(value) is Unbuilt:
            if value.built is None:
                raise FormError("an array that contains itself")
            value = value.built
        self.append(value)

    def load_append(self) -> None:
        """Append to a list, and to nothing else."""
        value = self.stack.pop()
        self._top(list).append(value)

    def load_appends(self) -> None:
        """Append several values to a list."""
        values = self.pop_mark()
        self._top(list).extend(values)

    def load_setitem(self) -> None:
        """Set one item of a dictionary."""
        value, key = self.stack.pop(), self.stack.pop()
        self._set(key, value)

    def load_setitems(self) -> None:
        """Set several items of a dictionary."""
        values = self.pop_mark()
        for key, value in zip(values[::2], values[1::2], strict=True):
            self._set(key, value)

    def load_reduce(self) -> None:
        """Do what the named function would do with plain values, or refuse."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not _Name or type(arguments) is not tuple:
            raise FormError("a call of something that is not on the list")
        if function not in self._calls:
            raise FormError(f"a call of {function.name.lower()}, which is only ever named")
        self.append(self._calls[function](*arguments))

    def load_build(self) -> None:
        """Complete a type or an array by its state."""
        state, unbuilt = self.stack.pop(), self.stack.pop()
        if type(unbuilt) is not Unbuilt:
            raise FormError(f"a state for something that has none ({type(unbuilt).__name__})")
        self.append(self._maker.complete(unbuilt, state))

    def _begin(self, kind: object, shape: object, code: object) -> Unbuilt:
        if kind is not _Name.NDARRAY:
            raise FormError("an array of an unknown kind")
        return self._maker.begin(shape, code)

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise FormError(f"content for a {kind.__name__} that is none")
        return self.stack[-1]

    def _set(self, key: object, value: Any) -> None:
        if type(key) is not str:  # texts hash unpredictably: no one can craft keys that collide
            raise FormError(f"a dictionary key of type {type(key).__name__}, only text is read")
        self._top(dict)[key] = value

    def _number(self, number_format: str) -> int:
        number: int = struct.unpack(number_format, self.read(struct.calcsize(number_format)))[0]
        return number

    dispatch: ClassVar[dict[int, Callable[..., None]]] = (
        {code: _refusal(code) for code in range(256)}
        | {code[0]: pickle._Unpickler.dispatch[code[0]] for code in _KEPT}
        | {
            pickle.FRAME[0]: load_frame,
            pickle.SHORT_BINUNICODE[0]: lambda self: self.load_text("<B"),
            pickle.BINUNICODE[0]: lambda self: self.load_text("<I"),
            pickle.BINUNICODE8[0]: lambda self: self.load_text("<Q"),
            pickle.SHORT_BINBYTES[0]: lambda self: self.load_payload("<B"),
            pickle.BINBYTES[0]: lambda self: self.load_payload("<I"),
            pickle.BINBYTES8[0]: lambda self: self.load_payload("<Q"),
            pickle.BYTEARRAY8[0]: lambda self: self.load_payload("<Q"),
            pickle.BINGET[0]: lambda self: self.load_get("<B"),
            pickle.LONG_BINGET[0]: lambda self: self.load_get("<I"),
            pickle.APPEND[0]: load_append,
            pickle.APPENDS[0]: load_appends,
            pickle.SETITEM[0]: load_setitem,
            pickle.SETITEMS[0]: load_setitems,
            pickle.REDUCE[0]: load_reduce,
            pickle.BUILD[0]: load_build,
        }
    )
