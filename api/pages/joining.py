"""Joins the modules that a page always needs into one file: on a slow line, a request takes half a second.

The sources are plain modules that a browser could load unchanged. In the joined file, each module is a
function that returns its exports. The functions run once, in the order of their imports, and ``modules``
holds the results by path. A module that is fetched later imports joined modules from ``modules``, so that
each module has one instance.

Lines are parsed, not syntax: a static import or export begins its line. A module that cannot be joined
exactly raises a ValueError with its file and line, so that a release with it does not start.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from posixpath import dirname, join, normpath, relpath

COMMENT = re.compile(r"^[ \t]*/\*[\s\S]*?\*/|(?:^|[ \t])//.*$", re.M)
STATEMENT = re.compile(r"""(?:^|[;}])[ \t]*(?P<begin>(?:import|export)\b(?=\s*["'{*\w$]))""", re.M)
IMPORT = re.compile(
    r"^import\s*(?:(?:(?P<default>[\w$]+)\b\s*,?\s*)?(?:\*\s*as\s+(?P<all>[\w$]+)|\{(?P<names>[^{}]*)\})?"
    r'\s*\bfrom\s*)?"(?P<address>[^"\n]+)";?[ \t]*$',
    re.M,
)
EXPORT = re.compile(
    r"^(?P<export>export )(?:(?P<kind>const|let|class|(?:async )?function\*?) (?P<name>[\w$]+)|default\b)",
    re.M,
)
DYNAMIC = re.compile(
    r'\b(?P<import>import)\s*\((?:\s*(?:"(?P<address>\.[^"\n]+)"'
    r"|`(?P<beginning>\.[^`$]+)\$\{[^`}]+\}(?P<end>[^`$]*)`)\s*\))?"
)
WORKER = re.compile(r'\bnew URL\(\s*"(?P<address>[^"\n]+\.js)",\s*import\.meta\.url')
META = re.compile(r"\bimport\.meta\b(?P<url>\.url\b)?")
TOP_LEVEL_STATEMENT = re.compile(r"^[^\s})\]].*(?:\n(?![^\s})\]]).*)*", re.M)
RESERVED = re.compile(r"(?<![.\w$-])(?:modules|fetchModule)\b(?!-)")

HEAD = """\
/** The modules of this file, by path. Modules that are fetched later take them from here. */
export const modules = {};

/** Returns the module with this path: one of this file, or else a fetched one. */
export async function fetchModule(path) {
  const name = new URL(path, "file:///").pathname.slice(1);
  await null; // by then, all modules of this file have run
  return modules[name] ?? import(MOVED.includes(name) ? `./${name}` : `../${name}`);
}

"""


@dataclass(frozen=True, slots=True)
class Joined:
    """The modules of a page, as they are served."""

    #: texts by address
    files: dict[str, str]
    #: for each module outside the joined file: its address, and those of its imports outside that file
    imports: dict[str, list[str]]
    #: for each of these modules: how the addresses of the words begin that it and its imports load
    words: dict[str, list[str]]


def join_modules(page: str, sources: Mapping[str, str], further: Iterable[str] = ()) -> Joined:
    """Join a page's ``main.js`` with its imports and with ``further`` modules.

    ``sources`` are the texts of the page's own modules and of the shared modules, by path. A module that
    imports no joined module keeps its text and address. A shared module that does import one gets an address
    in the page's folder, because its instances differ from those of other pages. A worker has its own
    instances: it and its imports are served unchanged, including modules that are joined for the page.

    Raises ValueError with file and line for a module that cannot be joined exactly.
    """
    return _Page(page, sources, further).build()


@cache  # several pages share modules
def _blank_comments(text: str) -> str:
    """Replace comments by spaces, so that positions stay the same."""
    return COMMENT.sub(lambda comment: re.sub(".", " ", comment[0]), text)


@cache
def _find(pattern: re.Pattern[str], code: str) -> list[re.Match[str]]:
    return list(pattern.finditer(code))


class _Module:
    """The source of a module, with its imports and exports."""

    def __init__(self, path: str, text: str, paths: Collection[str]) -> None:
        self.path, self.text, self._paths = path, text, paths
        self.code = _blank_comments(text)
        self.exports = {match["name"] or "default": match for match in _find(EXPORT, self.code)}
        self.imports = [(match, self._find_target(match)) for match in _find(IMPORT, self.code)]
        self.dynamic = _find(DYNAMIC, self.code)
        parsed = {match.start() for match in (*self.exports.values(), *dict(self.imports))}
        for match in _find(STATEMENT, self.code):
            if match.start("begin") not in parsed and "/words/" not in path:
                raise self.make_error(match.start("begin"), "this import or export is not supported")
        #: the workers that this module may start
        self.workers = {self._find_target(match) for match in _find(WORKER, self.code)}
        #: the modules that it may import
        self.targets = {target for _, target in self.imports}
        for match in self.dynamic:
            self.targets |= self._find_possible_targets(match)

    def make_error(self, position: int, problem: str) -> ValueError:
        """Return an error that names the line of a position."""
        line = self.text.count("\n", 0, position) + 1
        return ValueError(f"{self.path}:{line}: {problem}")

    def resolve(self, address: str) -> str:
        """Return the path of a relative address in this module, or of the beginning of an address."""
        return normpath(join(dirname(self.path), f"{address}|"))[:-1]

    def _find_target(self, match: re.Match[str]) -> str:
        path = self.resolve(match["address"])
        if path not in self._paths:
            raise self.make_error(match.start(), f"there is no module {path}")
        return path

    def _find_possible_targets(self, match: re.Match[str]) -> set[str]:
        if match["address"]:
            # A library of others is not joined: it is served unchanged.
            return set() if match["address"].endswith(".mjs") else {self._find_target(match)}
        if not match["beginning"]:
            raise self.make_error(match.start(), "this import() is not supported")
        # Without an end, the value may be any path from here.
        pattern = f"{self.resolve(match['beginning'])}*{match['end']}" if match["end"] else "*"
        return {path for path in self._paths if fnmatchcase(path, pattern)}

    def get_bindings(self, match: re.Match[str], other: "_Module") -> str:
        """Return the names that an import binds, as the left side of an assignment."""
        parts = filter(None, map(str.strip, (match["names"] or "").split(",")))
        pairs = [re.split(r"\s+as\s+", part) for part in parts]
        if match["default"]:
            pairs.append(["default", match["default"]])
        for name, *_ in pairs:
            if name not in other.exports:
                raise self.make_error(match.start(), f"{other.path} does not export {name!r}")
        if match["all"] and pairs:
            raise self.make_error(match.start(), "this import or export is not supported")
        return match["all"] or _format_braces(": ".join(pair) for pair in pairs)

    def check_joinable(self) -> None:
        """Raise an error if the module would behave differently inside a function."""
        for match in self.exports.values():
            if match["kind"] in (None, "let"):
                raise self.make_error(
                    match.start(), "a joined module cannot have export default or export let"
                )
        for statement in TOP_LEVEL_STATEMENT.finditer(self.code):
            # An await after async is inside a function.
            word = re.search(r"\b(?:async|await)\b", statement[0])
            if word and word[0] == "await":
                position = statement.start() + word.start()
                raise self.make_error(position, "a joined module cannot have await outside a function")


class _Page:
    """The modules of a page, some of which are joined."""

    def __init__(self, page: str, sources: Mapping[str, str], further: Iterable[str]) -> None:
        self.page, self.entry = page, f"{page}/main.js"
        self.modules = {path: _Module(path, text, sources) for path, text in sources.items()}
        #: the paths of the joined modules; the entry comes last, because it starts the page
        self.order: list[str] = []
        for path in (*further, self.entry):
            if path not in self.modules:
                raise ValueError(f"{path}: there is no such module to join")
            self._join(path)
        own = [path for path in self.modules if path.startswith(f"{page}/")]
        self.served = self._find_reachable(*own, workers=True)
        workers = {worker for path in self.served for worker in self.modules[path].workers}
        #: the paths of the workers and their imports
        self.in_workers = self._find_reachable(*workers, workers=True)
        later = self.served.difference(self.order)
        #: the paths of the modules outside the joined file that import a joined one, directly or not
        self.bound = {path for path in later if not self._find_reachable(path).isdisjoint(self.order)}
        for path in self.bound & self.in_workers:
            if any(path in self.modules[other].targets for other in self.served - self.in_workers):
                problem = "the page and a worker import this, and it imports what the page joins"
                raise self.modules[path].make_error(0, problem)
        self.bound -= self.in_workers

    def build(self) -> Joined:
        """Return the modules as they are served."""
        later = sorted(self.served.difference(self.order))
        files = {self._get_address(path): self._build_text(path) for path in later}
        files |= {path: self.modules[path].text for path in self.in_workers}
        files[self.entry] = self._build_joined_text()
        imports = {path: self._list_imports(path) for path in later}
        words = {path: self._list_words(path) for path in later}
        return Joined(files, imports, words)

    def _join(self, path: str, *importers: str) -> None:
        """Append a module to the joined ones, after its imports."""
        if path in self.order:
            return
        module = self.modules[path]
        module.check_joinable()
        for match, target in module.imports:
            if target in (path, *importers):
                raise module.make_error(match.start(), f"{target} and {path} import each other")
            self._join(target, path, *importers)
        self.order.append(path)

    def _find_reachable(self, *paths: str, workers: bool = False) -> set[str]:
        """Return these paths and those of all their imports; with ``workers``, also of their workers."""
        reached = [*paths]
        for path in reached:
            module = self.modules[path]
            reached += (module.targets | module.workers if workers else module.targets).difference(reached)
        return {*reached}

    def _list_imports(self, path: str) -> list[str]:
        return [self._get_address(module) for module in self._collect_imports(path)]

    def _list_words(self, path: str) -> list[str]:
        modules = (self.modules[name] for name in self._collect_imports(path))
        beginnings = (
            module.resolve(match["beginning"])
            for module in modules
            for match in module.dynamic
            if match["beginning"]
        )
        return [beginning for beginning in beginnings if "/words/" in beginning]

    def _collect_imports(self, path: str) -> list[str]:
        """Return a module outside the joined file with its imports outside that file."""
        imports = [path]
        for importer in imports:
            targets = (target for _, target in self.modules[importer].imports)
            imports += [target for target in targets if target not in (*imports, *self.order)]
        return imports

    def _get_address(self, path: str) -> str:
        own = path.startswith(f"{self.page}/")
        return f"{self.page}/{path}" if path in self.bound and not own else path

    def _build_joined_text(self) -> str:
        moved = [path for path in sorted(self.bound) if self._get_address(path) != path]
        parts = [HEAD, f"const MOVED = {json.dumps(moved)};\n"]
        for path in self.order:
            text, exports = self._build_text(path), _format_braces(self.modules[path].exports)
            parts.append(f'\nmodules["{path}"] = (() => {{\n{text}\nreturn {exports};\n}})();\n')
        return "".join(parts)

    def _build_text(self, path: str) -> str:
        """Return a module's text, in which only its imports and exports are changed."""
        module, joined = self.modules[path], path in self.order
        if not joined and path not in self.bound:
            return module.text
        if word := RESERVED.search(module.code):
            raise module.make_error(word.start(), f"{word[0]} is a name of the joined file")
        folder = dirname(self.entry if joined else self._get_address(path))
        constants = []
        edits = []
        for match, target in module.imports:
            names = module.get_bindings(match, self.modules[target])
            if target in self.order:
                # Imports take effect before the first line of a module runs.
                constants += [f'const {names} = modules["{target}"];\n'] if names != "{}" else []
                edits.append((*match.span(), ""))
            else:
                edits.append((*match.span("address"), _make_relative(self._get_address(target), folder)))
        for match in module.dynamic:
            part = "address" if match["address"] else "beginning"
            edits.append((*match.span(part), module.resolve(match[part])))
            edits.append((*match.span("import"), "fetchModule"))
        for match in META.finditer(module.code):
            if not match["url"]:
                raise module.make_error(match.start(), "import.meta has only its url here")
            if joined or self._get_address(path) != path:
                edits.append(
                    (*match.span(), f'new URL("{_make_relative(path, folder)}", import.meta.url).href')
                )
        if joined:
            edits += [(*match.span("export"), "") for match in module.exports.values()]
        else:
            used = _format_braces(["fetchModule"] * bool(module.dynamic) + ["modules"] * bool(constants))
            constants.insert(0, f'import {used} from "{_make_relative(self.entry, folder)}";\n')
        text = module.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return "".join(constants) + text


def _make_relative(address: str, folder: str) -> str:
    path = relpath(address, folder)
    return path if path.startswith(".") else f"./{path}"


def _format_braces(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f"{{ {text} }}" if text else "{}"
