"""Joins the modules of a page into few files: on a slow line, a request takes half a second.

The sources are plain modules that a browser could load unchanged. The page's main file joins ``main.js``,
its imports, and what else the page always needs. A module that is fetched later, such as a screen, is served
as one file with all of its imports that the main file lacks. If one of them loads words, there is one such
file for each language, which includes the words.

In a served file, each module is a function that returns its exports. The functions run once, in the order of
their imports, and ``modules`` of the main file holds the results by path. Several files may contain the same
module: the first one that runs defines it, so that each module has one instance.

Lines are parsed, not syntax: a static import or export begins its line. A module that cannot be joined
exactly raises a ValueError with its file and line, so that a release with it does not start.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from posixpath import basename, dirname, join, normpath, relpath, splitext

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
NAMED = re.compile(r"\s*(?:(?:async )?function\*?|class)\s+(?!extends\b)[\w$]")
DYNAMIC = re.compile(
    r'\b(?P<import>import)\s*\((?:\s*(?:"(?P<address>\.[^"\n]+)"'
    r"|`(?P<beginning>\.[^`$]+)\$\{[^`}]+\}(?P<end>[^`$]*)`)\s*\))?"
)
WORKER = re.compile(r'\bnew URL\(\s*"(?P<address>[^"\n]+\.js)",\s*import\.meta\.url')
META = re.compile(r"\bimport\.meta\b(?P<url>\.url\b)?")
TOP_LEVEL_STATEMENT = re.compile(r"^[^\s})\]].*(?:\n(?![^\s})\]]).*)*", re.M)
RESERVED = re.compile(r"(?<![.\w$-])(?:modules|fetchModule|defineModule|defaultExport)\b(?!-)")
DEFAULT = "const defaultExport ="
#: what words are in if a page's language lacks them: see ``loadMoreWords`` of ``shared/page.js``
FALLBACK = "en"

HEAD = """\
/** The modules that have run, by path. */
export const modules = {};
const running = {};

/** Runs a module of a file that was fetched later, unless another file has already run it. */
export async function defineModule(path, run) {
  modules[path] ??= await (running[path] ??= run());
}

/** Returns the module with this path, and fetches the file that contains it if it has not run yet. */
export async function fetchModule(path) {
  const name = new URL(path, "file:///").pathname.slice(1);
  await null; // by then, all modules of this file have run
  if (modules[name]) return modules[name];
  const file = await import(addressOf(name));
  return modules[name] ?? file;
}

function addressOf(name) {
  if (name.endsWith(".mjs")) return `../${name}`; // a library of others
  const own = name.startsWith(FOLDER) ? name.slice(FOLDER.length) : name;
  return `./${TRANSLATED.includes(name) ? own.replace(/js$/, `${document.documentElement.lang}.js`) : own}`;
}

"""


@dataclass(frozen=True, slots=True)
class Joined:
    """The files of a page's modules, as they are served."""

    page: str
    #: texts by address
    files: dict[str, str]
    #: the paths of the modules whose files include words, so that there is one for each language
    translated: frozenset[str]

    def get_address(self, path: str, language: str) -> str:
        """Return the address of the file of a module that is fetched later."""
        return _make_address(self.page, path, language if path in self.translated else "")


def join_modules(page: str, sources: Mapping[str, str], further: Iterable[str] = ()) -> Joined:
    """Join a page's ``main.js`` with its imports and with ``further`` modules, and each module fetched later.

    ``sources`` are the texts of the page's own modules and of the shared modules, by path. All files are in
    the page's folder, because pages do not share instances. A worker has its own instances, too: it and its
    imports are served unchanged, including modules that are joined for the page.

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
        #: the modules that it may fetch
        self.fetched = {path for match in self.dynamic for path in self._find_possible_targets(match)}

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

    def find_words(self, language: str) -> Iterator[str]:
        """Yield the paths of the words that this module loads if a page is in a language."""
        for match in self.dynamic:
            if match["beginning"] and "/words/" in (beginning := self.resolve(match["beginning"])):
                paths = (f"{beginning}{name}{match['end']}" for name in (language, FALLBACK))
                yield from [path for path in paths if path in self._paths][:1]

    def check_exports(self) -> None:
        """Raise an error if an export would behave differently inside a function."""
        for name, match in self.exports.items():
            if match["kind"] == "let":
                raise self.make_error(match.start(), "a joined module cannot have export let")
            if name == "default" and NAMED.match(self.code, match.end()):
                raise self.make_error(match.start(), "a joined default export cannot have a name")

    def find_await(self) -> int | None:
        """Return the position of an await outside a function, or None."""
        for statement in TOP_LEVEL_STATEMENT.finditer(self.code):
            # An await after async is inside a function.
            word = re.search(r"\b(?:async|await)\b", statement[0])
            if word and word[0] == "await":
                return statement.start() + word.start()
        return None


class _Page:
    """The modules of a page."""

    def __init__(self, page: str, sources: Mapping[str, str], further: Iterable[str]) -> None:
        self.page, self.entry = page, f"{page}/main.js"
        self.modules = {path: _Module(path, text, sources) for path, text in sources.items()}
        self.languages = sorted({splitext(basename(path))[0] for path in sources if "/words/" in path})
        for path in (*further, self.entry):
            if path not in self.modules:
                raise ValueError(f"{path}: there is no such module to join")
        #: the paths of the modules in the main file; the entry comes last, because it starts the page
        self.main = self._order(*further, self.entry)
        for path in self.main:
            self._check_main(self.modules[path])
        reachable = self._find_reachable(self.entry)
        workers = {worker for path in reachable for worker in self.modules[path].workers}
        #: the paths of the workers and their imports
        self.in_workers = self._find_reachable(*workers, include_workers=True)
        fetched = {path for name in reachable for path in self.modules[name].fetched}
        #: the paths of the modules that are fetched later
        self.later = sorted(fetched.difference(self.main))

    def build(self) -> Joined:
        """Return the files as they are served."""
        files = {path: self.modules[path].text for path in self.in_workers}
        translated = set()
        for path in self.later:
            if self._find_words(path, FALLBACK):
                translated.add(path)
            for language in self.languages if path in translated else [""]:
                address = _make_address(self.page, path, language)
                if address in self.in_workers:
                    raise self.modules[path].make_error(0, "the page fetches this, and a worker imports it")
                files[address] = self._build_later_file(path, language, address)
        files[self.entry] = self._build_main_file(translated)
        return Joined(self.page, files, frozenset(translated))

    def _order(self, *paths: str, known: Collection[str] = ()) -> list[str]:
        """Return modules with their imports, in the order in which they run, except those that are known."""
        order: list[str] = []

        def add(path: str, *importers: str) -> None:
            if path in order or path in known:
                return
            module = self.modules[path]
            module.check_exports()
            for match, target in module.imports:
                if target in (path, *importers):
                    raise module.make_error(match.start(), f"{target} and {path} import each other")
                add(target, path, *importers)
            order.append(path)

        for path in paths:
            add(path)
        return order

    @staticmethod
    def _check_main(module: _Module) -> None:
        """Raise an error if the main file cannot contain a module."""
        if match := module.exports.get("default"):
            raise module.make_error(match.start(), "a module of the main file cannot have export default")
        if (position := module.find_await()) is not None:
            problem = "a module of the main file cannot have await outside a function"
            raise module.make_error(position, problem)

    def _find_reachable(self, *paths: str, include_workers: bool = False) -> set[str]:
        """Return these paths and those of all modules that they import or fetch."""
        reached = [*paths]
        for path in reached:
            module = self.modules[path]
            targets = {target for _, target in module.imports} | module.fetched
            reached += (targets | module.workers if include_workers else targets).difference(reached)
        return {*reached}

    def _find_words(self, path: str, language: str) -> list[str]:
        """Return the words that a module and its imports load."""
        modules = (self.modules[name] for name in self._order(path, known=self.main))
        return [words for module in modules for words in module.find_words(language)]

    def _build_main_file(self, translated: Iterable[str]) -> str:
        constants = (
            f'const FOLDER = "{self.page}/";\n',
            f"const TRANSLATED = {json.dumps(sorted(translated))};\n",
        )
        parts = [HEAD, *constants]
        for path in self.main:
            text = self._build_function(path, self.entry)
            parts.append(f'\nmodules["{path}"] = ({text})();\n')
        return "".join(parts)

    def _build_later_file(self, path: str, language: str, address: str) -> str:
        words = self._find_words(path, language) if language else []
        parts = []
        for name in self._order(*words, path, known=self.main):
            kind = "" if self.modules[name].find_await() is None else "async "
            parts.append(f'\nawait defineModule("{name}", {kind}{self._build_function(name, address)});\n')
        text = "".join(parts)
        used = (
            name for name in ("defineModule", "fetchModule", "modules") if re.search(rf"\b{name}\b", text)
        )
        main = _make_relative(self.entry, dirname(address))
        return f'import {_format_braces(used)} from "{main}";\n{text}'

    def _build_function(self, path: str, address: str) -> str:
        """Return a module as a function that returns its exports, for the file with an address."""
        module, folder = self.modules[path], dirname(address)
        if "/words/" not in path and (word := RESERVED.search(module.code)):
            raise module.make_error(word.start(), f"{word[0]} is a name of the joined files")
        constants = []
        edits = []
        for match, target in module.imports:
            names = module.get_bindings(match, self.modules[target])
            # Imports take effect before the first line of a module runs.
            constants += [f'const {names} = modules["{target}"];\n'] if names != "{}" else []
            edits.append((*match.span(), ""))
        for match in module.dynamic:
            part = "address" if match["address"] else "beginning"
            edits.append((*match.span(part), module.resolve(match[part])))
            edits.append((*match.span("import"), "fetchModule"))
        for match in META.finditer(module.code):
            if not match["url"]:
                raise module.make_error(match.start(), "import.meta has only its url here")
            if path != address:
                edits.append(
                    (*match.span(), f'new URL("{_make_relative(path, folder)}", import.meta.url).href')
                )
        for name, match in module.exports.items():
            edits.append((*match.span("export"), "") if name != "default" else (*match.span(), DEFAULT))
        text = module.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        exports = _format_braces(
            "default: defaultExport" if name == "default" else name for name in module.exports
        )
        return f"() => {{\n{''.join(constants)}{text}\nreturn {exports};\n}}"


def _make_address(page: str, path: str, language: str) -> str:
    """Return the address of the file of a module, for one language if its file includes words."""
    own = path if path.startswith(f"{page}/") else f"{page}/{path}"
    return f"{own.removesuffix('js')}{language}.js" if language else own


def _make_relative(address: str, folder: str) -> str:
    path = relpath(address, folder)
    return path if path.startswith(".") else f"./{path}"


def _format_braces(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f"{{ {text} }}" if text else "{}"
