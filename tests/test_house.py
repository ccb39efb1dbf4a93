"""The shape of the house: imports run one way, and each outside library has one door."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))
# From the ground up; a room imports from its own floor and from those below.
FLOORS = (
    {"schema", "errors", "memory"},
    {"config"},
    {"rules"},
    {"read", "store", "dedup", "execute", "strip", "extract"},
    {"run"},
    {"single", "explain", "difference", "curve", "verify", "suggest", "evaluate"},
    {"terminal"},
    {"cli", "__main__"},
)
ONE_DOOR = {"trafilatura": "extract/html.py", "datasketch": "dedup/signature.py"}


def name(path):
    """Return a module's path inside the package."""
    return path.relative_to(PACKAGE).as_posix()


def imports(path):
    """Return the dotted names a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def floor(room):
    """Return how high a room of the package lies."""
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", [path for path in MODULES if name(path) != "__init__.py"], ids=name)
def test_imports_run_one_way(path):
    """No module imports from a floor above its own."""
    own = floor(name(path).split("/")[0].removesuffix(".py"))

    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "pipeline" and len(parts) > 1:
            assert floor(parts[1]) <= own, f"{name(path)} imports {module}"


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_library_has_one_door(library):
    """One module imports trafilatura, one imports datasketch."""
    users = [name(path) for path in MODULES if any(m.split(".")[0] == library for m in imports(path))]

    assert users == [ONE_DOOR[library]]


def test_one_module_prints():
    """Only terminal.py writes to the terminal."""
    calls = re.compile(r"\bprint\(|click\.echo\(|sys\.std(out|err)\.write")
    printing = [name(path) for path in MODULES if calls.search(path.read_text("utf-8"))]

    assert printing == ["terminal.py"]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short(path):
    """A module fits in the head: 350 lines at most."""
    assert len(path.read_text("utf-8").splitlines()) <= 350
