"""Imports point in one direction, including those of third parties and those inside functions."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("api", "schemas", "uploads", "wsgi")

#: What commands and servers may import: everything that they start, but not the app, which connects it.
BELOW_APP = {
    "api.database",
    "api.domain",
    "api.http",
    "api.jobs",
    "api.keys",
    "api.log",
    "api.migrations",
    "api.models",
    "api.services",
    "api.settings",
    "uploads",
}
#: Layer → the layers that it may import. The longest name that matches a module is its layer.
MAY_IMPORT: dict[str, set[str]] = {
    "api": set(),
    "api.domain": set(),
    "schemas": {"api.domain"},
    "uploads": set(),
    "api.keys": set(),
    "api.database": set(),
    "api.models": {"api.domain", "api.database"},
    "api.migrations": {"api.database", "api.keys", "api.models"},
    "api.services": {"api.domain", "api.database", "api.keys", "api.models", "uploads"},
    "api.settings": {"api.keys"},
    "api.background": set(),
    "api.metrics": {"api.background", "api.shared_counts"},
    "api.shared_counts": set(),
    "api.http": {
        "api.background",
        "api.domain",
        "schemas",
        "uploads",
        "api.database",
        "api.keys",
        "api.services",
        "api.settings",
    },
    "api.routes": {"api.domain", "schemas", "uploads", "api.http", "api.models", "api.services"},
    "api.pages": {"api.domain", "api.http", "schemas"},
    "api.jobs": {
        "api.domain",
        "api.metrics",
        "api.database",
        "api.keys",
        "api.models",
        "uploads",
        "api.services",
    },
    # Runs in a process of its own, which the jobs start.
    "api.exports": {
        "api.domain",
        "schemas",
        "uploads",
        "api.database",
        "api.log",
        "api.models",
        "api.services",
    },
    "api.log": set(),
    "api.backups": {"api.database", "api.keys", "api.models", "api.services", "uploads"},
    "api.backups.commands": {*BELOW_APP, "api.backups"},
    "api.serving": {*BELOW_APP, "api.metrics", "api.shared_counts"},
    "api.cli": {*BELOW_APP, "api.backups.commands", "api.serving", "schemas"},
    "api.app": {
        "api.cli",
        "api.database",
        "api.http",
        "api.metrics",
        "api.pages",
        "api.routes",
        "api.services",
        "api.settings",
        "uploads",
    },
    "wsgi": {"api.app", "api.settings"},
}
#: Layer → the third-party packages that it may import. A layer that is missing here may import any.
THIRD_PARTIES: dict[str, set[str]] = {
    "api": set(),
    "api.domain": set(),
    "schemas": {"marshmallow"},
    "uploads": {"PIL", "pi_heif", "boto3", "botocore", "itsdangerous", "types_boto3_s3"},
    "api.keys": {"cryptography"},
    "api.database": {"sqlalchemy", "pysqlite3", "orjson"},
    "api.models": {"sqlalchemy"},
    "api.migrations": {"sqlalchemy", "alembic"},
    # PIL draws the photos of the demo.
    "api.services": {"sqlalchemy", "argon2", "pyotp", "orjson", "rfc8785", "PIL", "zxcvbn"},
    "api.backups": {"orjson", "sqlalchemy"},
    "api.backups.commands": {"alembic", "click", "flask", "sqlalchemy"},
    "api.settings": {"sqlalchemy"},
    "api.background": set(),
    "api.metrics": {"prometheus_client"},
    "api.shared_counts": set(),
    "api.http": {
        "cryptography",
        "flask",
        "flask_jwt_extended",
        "flask_smorest",
        "jwt",
        "marshmallow",
        "pysqlite3",
        "sqlalchemy",
        "webargs",
        "werkzeug",
    },
    # itsdangerous signs the links to exports.
    "api.routes": {
        "flask",
        "flask_jwt_extended",
        "itsdangerous",
        "marshmallow",
        "sqlalchemy",
    },
    "api.pages": {"flask", "markdown_it", "markupsafe"},
    "api.jobs": {"sqlalchemy"},
    "api.exports": {"fontTools", "rustpy_xlsxwriter", "sqlalchemy", "typst"},
    "wsgi": set(),
}
FILES = sorted(
    path for name in OURS for path in (*ROOT.glob(f"{name}.py"), *ROOT.joinpath(name).rglob("*.py"))
)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    """Return the longest name of a layer that the module begins with; ``api`` is its ``__init__`` only."""
    return max((layer for layer in MAY_IMPORT if f"{module}.".startswith(f"{layer}.")), key=len)


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, also inside functions; ``from a import b`` is ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_belongs_to_a_layer() -> None:
    assert {module_of(path) for path in FILES if layer_of(module_of(path)) == "api"} == {"api"}


def test_api_package_imports_nothing() -> None:
    assert list(imported(ROOT / "api/__init__.py")) == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_are_allowed(path: Path) -> None:
    layer = layer_of(module_of(path))
    forbidden = []
    for name in imported(path):
        top = name.partition(".")[0]
        if top in OURS:
            # `from api import cli` imports the module, not the package.
            if layer_of(name) not in MAY_IMPORT[layer] | {layer}:
                forbidden.append(name)
        elif top not in sys.stdlib_module_names | THIRD_PARTIES.get(layer, {top}):
            forbidden.append(name)
    assert forbidden == []


def test_rules_keep_frameworks_out_of_lower_layers() -> None:
    for layer in BELOW_APP - {"api.http", "api.log", "api.migrations", "api.settings"} | {"schemas"}:
        assert "flask" not in THIRD_PARTIES[layer]
    assert "sqlalchemy" not in THIRD_PARTIES["schemas"] | THIRD_PARTIES["api.domain"]
    assert MAY_IMPORT["uploads"] == MAY_IMPORT["api.domain"] == MAY_IMPORT["api"] == set()
    assert MAY_IMPORT["schemas"] == {"api.domain"}


def test_layers_have_no_cycles() -> None:
    list(TopologicalSorter(MAY_IMPORT).static_order())  # raises CycleError


def test_modules_have_no_cycles() -> None:
    modules = {module_of(path): path for path in FILES}
    imports = {
        module: {
            known for name in imported(path) for known in (name, name.rpartition(".")[0]) if known in modules
        }
        - {module}
        for module, path in modules.items()
    }
    list(TopologicalSorter(imports).static_order())  # raises CycleError
