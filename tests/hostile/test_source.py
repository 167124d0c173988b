"""What the package never does, wherever it reads or starts something: its own source, looked through."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import jupytext
import pytest

import companion
from companion.project import project_root

PACKAGE = Path(companion.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CHAPTERS = sorted((project_root() / "book").glob("*.md"))
EXAMPLES = sorted((project_root() / "examples").rglob("*.py"))

NEVER_IMPORTED = {
    "xml",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "ftplib",
    "telnetlib",
    "jinja2",
}
NEVER_CALLED = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp", "pickle.load",
    "pickle.loads", "pickle.Unpickler", "pd.read_pickle", "pd.read_hdf", "pd.HDFStore", "pd.eval",
    "torch.jit.load", "torch.hub.load", "urllib.request.urlopen", "urlopen", "yaml.safe_load",
    "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "yaml.safe_load_all", "shutil.unpack_archive",
}  # fmt: skip
ONLY_IN = {
    "yaml.load": {"system/strict_yaml.py"},
    "importlib.import_module": {"running/sweeps/job.py", "running/sweeps/queues.py"},
    "tarfile.open": set(),
    "from_pretrained": {"decoding/generation/kandinsky.py"},
}
"""Calls with a place each: the modules that grids and SLURM files name are the user's own programs, and the
weights of Kandinsky come from a folder whose pickles are refused."""
DEMANDED = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}
REFUSED = {"shell": True, "verify": False, "trust_remote_code": True, "allow_pickle": True}
UNPACKS = {"extractall", "extract"}
STARTS = {"run", "Popen", "call", "check_call", "check_output"}


def name_of(node: ast.expr) -> str:
    """Dotted name of what is called, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str, place: str) -> Iterator[str]:
    """What a piece of Python does and must not do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            )
            yield from (name for name in names if name.split(".")[0] in NEVER_IMPORTED)
        elif isinstance(node, ast.Call):
            yield from (f"line {node.lineno}: {fault}" for fault in faults_of_call(node, place))


def faults_of_call(call: ast.Call, place: str) -> Iterator[str]:
    name = name_of(call.func)
    words = {word.arg: getattr(word.value, "value", ...) for word in call.keywords}
    first = call.args[0] if call.args else None
    if name in NEVER_CALLED or place not in ONLY_IN.get(name, {place}):
        yield name
    if name in DEMANDED and words.get(DEMANDED[name][0]) is not DEMANDED[name][1]:
        yield f"{name} without {DEMANDED[name][0]}={DEMANDED[name][1]}"
    yield from (f"{word}={value}" for word, value in REFUSED.items() if words.get(word) is value)
    last = name.rpartition(".")[2]
    if name.startswith("subprocess.") and last in STARTS and isinstance(first, ast.Constant | ast.JoinedStr):
        yield "a program started by one string"
    if last in UNPACKS and not name.endswith("str.extract"):
        yield "an archive unpacked by the names in it"
    if last in {"query", "eval"} and isinstance(first, ast.JoinedStr | ast.BinOp):
        yield "an expression made of data"
    if last == "from_pretrained" and place not in ONLY_IN[last]:
        yield "weights by a name on the network"


@pytest.mark.parametrize("path", [*MODULES, *EXAMPLES], ids=lambda path: path.name)
def test_no_module_runs_what_a_file_says(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.name
    assert list(faults(path.read_text("utf-8"), place)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_runs_what_a_file_says(path: Path) -> None:
    cells = jupytext.reads(path.read_text("utf-8"), fmt="md:myst").cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert list(faults(code, path.name)) == []


FOUND = """
eval('1')
pickle.loads(content)
np.load('x')
np.load('x', allow_pickle=True)
torch.load('x')
torch.load('x', weights_only=False)
yaml.safe_load(text)
yaml.load(text, Loader=Loader)
subprocess.run(words, shell=True)
subprocess.run(f'ls {x}')
tempfile.mktemp()
import xml.sax
from xml.etree import ElementTree
requests.get(url, verify=False)
archive.extractall('x')
table.query(f'a == {x}')
Model.from_pretrained('org/model')
tarfile.open('x')
"""


@pytest.mark.parametrize("code", FOUND.strip().splitlines())
def test_each_of_these_would_be_found(code: str) -> None:
    assert list(faults(code, "anywhere.py"))
