"""Fault test 45, first half: what a program that reads strangers' files must never call, it calls nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence import Measured

ROOT = Path(__file__).parent.parent.parent
SOURCES = [path for room in ("tuner", "search_spaces", "reports") for path in sorted((ROOT / room).rglob("*.py"))]

MODULES = frozenset(
    {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "code", "codeop",
     "telnetlib", "ftplib", "imp", "xml.sax", "xml.dom", "xml.etree", "pty"}
)  # fmt: skip
"""Not imported: they run what they read, or talk to the network."""

CALLS = frozenset(
    {"eval", "exec", "compile", "__import__", "execfile", "os.system", "os.popen", "os.spawnl", "os.spawnv", "os.execv",
     "os.execl", "os.fork", "subprocess.getoutput", "subprocess.getstatusoutput", "tempfile.mktemp", "os.tempnam",
     "shutil.unpack_archive", "ssl._create_unverified_context", "logging.config.listen", "torch.load",
     "keras.models.load_model", "keras.saving.load_model", "keras.config.enable_unsafe_deserialization",
     "tf.saved_model.load", "requests.packages.urllib3.disable_warnings"}
)  # fmt: skip

METHODS = frozenset({"extractall", "extract", "load_weights", "load_model", "load_state_dict"})
"""Of any object."""

KEYWORDS = {"shell": True, "allow_pickle": True, "verify": False, "safe_mode": False, "autoescape": False}


def name_of(node: ast.expr) -> str:
    """`os.system` for the node of that; '' for what is no plain dotted name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{inner}.{attribute}" if (inner := name_of(value)) else ""
    return ""


def banned(source: str) -> Iterator[str]:
    """A line for everything in the program that is on the list."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"import {each.name}" for each in names if each.name in MODULES)
            case ast.ImportFrom(module=module) if module in MODULES:
                yield f"from {module} import"
            case ast.Call(func=func, keywords=keywords):
                yield from banned_call(func, keywords)
            case ast.Assert(test=test) if not narrows(test):
                yield f"assert {ast.unparse(test)}"
            case ast.Constant(value="0.0.0.0" | "::"):
                yield "an address of all networks"


def banned_call(func: ast.expr, keywords: list[ast.keyword]) -> Iterator[str]:
    name = name_of(func)
    if name in CALLS or (isinstance(func, ast.Attribute) and func.attr in METHODS):
        yield f"{name or '?'}()"
    given = {each.arg: each.value.value for each in keywords if isinstance(each.value, ast.Constant)}
    yield from (f"{word}={value}" for word, value in KEYWORDS.items() if word in given and given[word] is value)
    if name in {"np.load", "numpy.load"} and given.get("allow_pickle") is not False:
        yield "np.load() without allow_pickle=False"


def narrows(test: ast.expr) -> bool:
    """Whether the assert only tells the type checker what is known: `python -O` may leave it out."""
    match test:
        case ast.BoolOp(values=values):
            return all(map(narrows, values))
        case ast.Call(func=ast.Name(id="isinstance" | "callable")):
            return True
        case ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
    return False


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from yaml import load", "eval('1')", "__import__('os').system('x')", "os.system(x)",
        "subprocess.run(x, shell=True)", "np.load(x)", "np.load(x, allow_pickle=True)", "tempfile.mktemp()",
        "archive.extractall(folder)", "assert name", "assert len(x) == 3", "load_model(x, safe_mode=False)",
        "requests.get(x, verify=False)", "make_server('0.0.0.0', 80)", "Environment(autoescape=False)",
    ],
)  # fmt: skip
def test_the_list_finds_what_is_on_it(source: str) -> None:
    assert list(banned(source))


def test_nothing_of_ours_is_on_the_list(measured: Measured) -> None:
    found = [f"{path.relative_to(ROOT)}: {what}" for path in SOURCES for what in banned(path.read_text("utf-8"))]
    n_names = len(MODULES) + len(CALLS) + len(METHODS) + len(KEYWORDS) + 3
    measured(45, target="ban-list: 0 hits", figure=f"{len(found)} hits of {n_names} things in {len(SOURCES)} files")
    assert found == []
