"""Joining: the modules of a page become few files, and behave the same there."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.pages import files
from api.pages.joining import Joined, join_modules

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed.")


def run(script: str, page: Joined, folder: Path) -> Any:
    """Run a script in Node, next to all files of a page, and return the JSON that it prints."""
    for address, text in page.files.items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        (folder / address).write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "script.js").write_text(script)
    assert NODE
    done = subprocess.run([NODE, folder / "script.js"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# The joined file.


def test_module_becomes_a_function_that_returns_its_exports() -> None:
    main = 'import { a, b as c } from "./x.js";\na(c);\n'
    x = "/** An a. */\nexport const a = 1;\nconst own = 2;\nexport async function b() {\n  await own;\n}\n"
    page = join_modules("p", {"p/main.js": main, "p/x.js": x})
    assert list(page.files) == ["p/main.js"]
    assert page.files["p/main.js"].endswith("""
modules["p/x.js"] = (() => {
/** An a. */
const a = 1;
const own = 2;
async function b() {
  await own;
}

return { a, b };
})();

modules["p/main.js"] = (() => {
const { a, b: c } = modules["p/x.js"];

a(c);

return {};
})();
""")


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("{ a }", "{ a }"),
        ("{a,b as c}", "{ a, b: c }"),
        ("{\n  a,\n  // the other one\n  b as c,\n}", "{ a, b: c }"),
        ("* as x", "x"),
    ],
)
def test_imports_of_joined_modules_become_assignments(clause: str, names: str) -> None:
    sources = {
        "p/main.js": f'import {clause} from "./x.js";',
        "p/x.js": "export class a {}\nexport function* b() {}\n",
    }
    text = join_modules("p", sources).files["p/main.js"]
    assert f'const {names} = modules["p/x.js"];\n' in text
    assert not re.search("^import", text, re.M)


def test_import_without_names_only_determines_the_order() -> None:
    sources = {"p/main.js": 'import "./x.js";\nwork();\n', "p/x.js": "prepare();"}
    text = join_modules("p", sources).files["p/main.js"]
    assert text.index("prepare") < text.index("work")
    assert "const {}" not in text


def test_each_module_runs_once_after_its_imports_and_the_entry_runs_last() -> None:
    sources = {
        "p/main.js": 'import { b } from "./b.js";\nimport { a } from "./a.js";\n',
        "p/a.js": 'import { s } from "../shared/s.js";\nexport const a = s;\n',
        "p/b.js": 'import { a } from "./a.js";\nexport const b = a;\n',
        "p/screens/further.js": 'import { b } from "../b.js";\n',
        "shared/s.js": "export const s = 1;\n",
    }
    page = join_modules("p", sources, ["p/screens/further.js"])
    order = re.findall(r'^modules\["(.*?)"\]', page.files["p/main.js"], re.M)
    assert order == ["shared/s.js", "p/a.js", "p/b.js", "p/screens/further.js", "p/main.js"]
    assert list(page.files) == ["p/main.js"]


def test_module_that_is_fetched_later_is_served_with_the_imports_that_the_main_file_lacks() -> None:
    imports = 'import { other } from "../other.js";\nimport { s as mine } from "../../shared/s.js";\n'
    sources = {
        "p/main.js": 'import { s } from "../shared/s.js";\nconst go = () => import("./screens/later.js");\n',
        "p/screens/later.js": imports + "export default function () { return other + mine; }\n",
        "p/other.js": "export const other = 1;\n",
        "shared/s.js": "export const s = 1;\nexport const t = 2;\n",
        "shared/unused.js": "export const unused = 1;\n",
    }
    page = join_modules("p", sources)
    assert page.files.keys() == {"p/main.js", "p/screens/later.js"}
    assert (
        page.files["p/screens/later.js"]
        == """\
import { defineModule, modules } from "../main.js";

await defineModule("p/other.js", () => {
const other = 1;

return { other };
});

await defineModule("p/screens/later.js", () => {
const { other } = modules["p/other.js"];
const { s: mine } = modules["shared/s.js"];


const defaultExport = function () { return other + mine; }

return { default: defaultExport };
});
"""
    )
    assert page.get_address("p/screens/later.js", "en") == "p/screens/later.js"
    assert 'const go = () => fetchModule("p/screens/later.js");' in page.files["p/main.js"]


def test_file_includes_the_words_of_each_language() -> None:
    sources = {
        "p/main.js": 'const go = () => import("../shared/ask/form.js");\n',
        "p/words/en.js": "export default {};\n",
        "p/words/es.js": "export default {};\n",
        "shared/ask/form.js": 'import { near } from "./near.js";\n',
        "shared/ask/near.js": "export const near = speak((l) => import(`./words/${l}.js`));\n",
        "shared/ask/words/en.js": 'export default {\n  a: "b; import this",\n};\n',
    }
    page = join_modules("p", sources)
    assert [page.get_address("shared/ask/form.js", language) for language in ("en", "es")] == [
        "p/shared/ask/form.en.js",
        "p/shared/ask/form.es.js",
    ]
    assert page.get_address("p/words/en.js", "en") == "p/words/en.js"
    text = page.files["p/shared/ask/form.en.js"]
    order = re.findall(r'^await defineModule\("(.*?)"', text, re.M)
    assert order == ["shared/ask/words/en.js", "shared/ask/near.js", "shared/ask/form.js"]
    assert page.files["p/shared/ask/form.es.js"] == text, (
        "a language without these words has those in English"
    )
    assert "speak((l) => fetchModule(`shared/ask/words/${l}.js`))" in text
    assert 'const TRANSLATED = ["shared/ask/form.js"];' in page.files["p/main.js"]


def test_module_that_awaits_becomes_an_asynchronous_function() -> None:
    sources = {
        "p/main.js": 'const go = () => import("./later.js");\n',
        "p/later.js": "const a = await b;\nexport const c = async () => await a;\n",
    }
    assert 'await defineModule("p/later.js", async () => {' in join_modules("p", sources).files["p/later.js"]


def test_worker_and_its_imports_are_served_unchanged() -> None:
    unchanged = {
        "p/x.worker.js": 'import { sum } from "../shared/sum.js";\nawait import("./big.js");\n',
        "p/big.js": "export let modules = 1;\n",
        "shared/sum.js": "export function sum() {}\n",
    }
    sources = {
        **unchanged,
        "p/main.js": 'const start = () => new Worker(new URL("./x.worker.js", import.meta.url));\n',
    }
    files = join_modules("p", sources).files
    assert files.keys() == {"p/main.js", *unchanged}
    assert {address: files[address] for address in unchanged} == unchanged


def test_import_meta_url_stays_the_address_of_the_source() -> None:
    sources = {
        "p/main.js": 'import "../shared/deep/x.js";\nimport "./y.js";\n',
        "p/y.js": "here(import.meta.url);\n",
        "shared/deep/x.js": "here(import.meta.url);\n",
    }
    urls = re.findall(r"here\((.*)\);", join_modules("p", sources).files["p/main.js"])
    assert urls == [f'new URL("{path}", import.meta.url).href' for path in ("../shared/deep/x.js", "./y.js")]


def test_import_meta_url_of_a_module_that_is_fetched_later_stays_the_address_of_the_source() -> None:
    sources = {
        "p/main.js": 'const go = () => import("../shared/deep/later.js");\n',
        "p/y.js": "here(import.meta.url);\n",
        "shared/deep/later.js": 'import "../../p/y.js";\nhere(import.meta.url);\n',
    }
    urls = re.findall(r"here\((.*)\);", join_modules("p", sources).files["p/shared/deep/later.js"])
    sources_of_urls = ("../../y.js", "../../../shared/deep/later.js")
    assert urls == [f'new URL("{path}", import.meta.url).href' for path in sources_of_urls]


def test_code_after_a_comment_on_its_line_is_served() -> None:
    source = "/* a */\n/** @type {A} */ (x).y = 1;\n/* b\n  c */\nz();\n"
    assert files.File.from_script(source).content.decode() == "/** @type {A} */ (x).y = 1;\nz();\n"


def test_comments_are_not_parsed() -> None:
    comments = '// import("nothing")\n/*\nimport x\nexport y\n*/\nexport const a = 1; // await import.meta\n'
    text = join_modules("p", {"p/main.js": comments}).files["p/main.js"]
    assert comments.replace("export const", "const") in text


@needs_node
def test_joined_file_behaves_like_the_sources(tmp_path: Path) -> None:
    """Each kind of import gets the same instance."""
    sources = {
        "p/main.js": """\
import * as count from "./count.js";
import { anywhere } from "./anywhere.js";
import { h } from "../shared/h.js";
count.up();
export const find = async () => [
  (await import("./further.js")).further,
  (await import("./later.js")).later(),
  await (await import("../shared/ask.js")).ask("en"),
  (await anywhere("count.js")).now(),
  (await anywhere("../shared/ask.js")).asked(),
  (await anywhere("../shared/words/en.js")).default.a,
  await anywhere("nothing.js").catch(({ code }) => code),
  (await Promise.all([import("./one.js"), import("./two.js")])).map(({ count }) => count()),
];
""",
        "p/anywhere.js": "export const anywhere = (path) => import(`./${path}`);\n",
        "p/count.js": "let n = 0;\nexport const up = () => ++n;\nexport const now = () => n;\n",
        "p/further.js": 'import { up } from "./count.js";\nup();\nexport const further = !this;\n',
        "p/later.js": 'import { up } from "./count.js";\nexport const later = () => up();\n',
        "p/one.js": 'import { slow } from "./slow.js";\nexport const count = () => ++slow.n;\n',
        "p/slow.js": "export const slow = await wait();\nasync function wait() {\n  return { n: 10 };\n}\n",
        "p/two.js": 'import { slow } from "./slow.js";\nexport const count = () => ++slow.n;\n',
        "shared/ask.js": """\
import { h } from "./h.js";
let n = 0;
export const asked = () => n;
export const ask = async (l) => (n++, h((await import(`./words/${l}.js`)).default.a));
""",
        "shared/h.js": "export const h = (text) => `<${text}>`;\n",
        "shared/words/en.js": 'export default {\n  a: "word",\n};\n',
    }
    page = join_modules("p", sources, ["p/further.js"])
    assert "p/shared/ask.en.js" in page.files
    script = """\
globalThis.document = { documentElement: { lang: "en" } };
const { modules } = await import("./p/main.js");
console.log(JSON.stringify(await modules["p/main.js"].find()));
"""
    assert run(script, page, tmp_path) == [True, 3, "<word>", 3, 1, "word", "ERR_MODULE_NOT_FOUND", [11, 12]]


# Errors.

NO_AWAIT = "a module of the main file cannot have await outside a function"


@pytest.mark.parametrize(
    ("main", "line", "problem"),
    [
        ("\nexport let a = 1;\n", 2, "a joined module cannot have export let"),
        ("export default {};\n", 1, "a module of the main file cannot have export default"),
        ("export default function f() {}\n", 1, "a joined default export cannot have a name"),
        ("export default class A {}\n", 1, "a joined default export cannot have a name"),
        ('\n\nexport { x } from "./x.js";\n', 3, "this import or export is not supported"),
        ('export * from "./x.js";\n', 1, "this import or export is not supported"),
        ("const a = 1;\nexport { a };\n", 2, "this import or export is not supported"),
        ("export const { a } = {};\n", 1, "this import or export is not supported"),
        ("export const a = 1; export const b = 2;\n", 1, "this import or export is not supported"),
        ("if (true) {\n  export const a = 1;\n}\n", 2, "this import or export is not supported"),
        ("import { x } from './x.js';\n", 1, "this import or export is not supported"),
        ('import { x } from "./x.js"; x();\n', 1, "this import or export is not supported"),
        ('import x from "./x.js" with { type: "json" };\n', 1, "this import or export is not supported"),
        ('import y from "./x.js";\n', 1, "p/x.js does not export 'default'"),
        ('import { x, y } from "./x.js";\n', 1, "p/x.js does not export 'y'"),
        ('import { x } from "./none.js";\n', 1, "there is no module p/none.js"),
        ('import { x } from "x";\n', 1, "there is no module p/x"),
        ('\nconst f = () => import("./none.js");\n', 2, "there is no module p/none.js"),
        ("const f = (name) => import(name);\n", 1, "this import() is not supported"),
        ("const f = (name) => import(`${name}.js`);\n", 1, "this import() is not supported"),
        ('const f = () => import("./x.js", {});\n', 1, "this import() is not supported"),
        ('\nconst a = await import("./x.js");\n', 2, NO_AWAIT),
        ("if (true) {\n  await x;\n}\n", 2, NO_AWAIT),
        ("for await (const x of y) z();\n", 1, NO_AWAIT),
        ("const modules = [];\n", 1, "modules is a name of the joined files"),
        ("const defaultExport = 1;\n", 1, "defaultExport is a name of the joined files"),
        ("const a = import.meta.resolve;\n", 1, "import.meta has only its url here"),
        (
            '\nimport { a } from "./main.js";\nexport const a = 1;\n',
            2,
            "p/main.js and p/main.js import each other",
        ),
    ],
)
def test_module_that_cannot_be_joined_is_an_error(main: str, line: int, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as raised:
        join_modules("p", {"p/main.js": main, "p/x.js": "export const x = 1;\n"})
    assert str(raised.value) == f"p/main.js:{line}: {problem}"


def test_circular_import_of_joined_modules_is_an_error() -> None:
    sources = {
        "p/main.js": 'import { a } from "./a.js";\n',
        "p/a.js": 'import { b } from "./b.js";\nexport const a = () => b();\n',
        "p/b.js": '\nimport { a } from "./a.js";\nexport const b = () => a();\n',
    }
    with pytest.raises(ValueError, match=r"p/b\.js:2: p/a\.js and p/b\.js import each other"):
        join_modules("p", sources)


def test_unknown_further_module_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"p/none\.js: there is no such module to join"):
        join_modules("p", {"p/main.js": ""}, ["p/none.js"])


WORKER = 'new Worker(new URL("./x.worker.js", import.meta.url));\n'


def test_worker_has_its_own_instances() -> None:
    worker = {
        "p/x.worker.js": 'import { a } from "./between.js";\nonmessage = a;\n',
        "p/between.js": 'import { s } from "../shared/s.js";\nexport const a = s;\n',
        "shared/s.js": "export const s = 1;\n",
    }
    sources = {
        **worker,
        "p/main.js": 'import { s } from "../shared/s.js";\nconst go = () => import("./later.js");\n',
        "p/later.js": WORKER,
    }
    page = join_modules("p", sources)
    assert page.files.keys() == {"p/main.js", "p/later.js", *worker}
    assert {address: page.files[address] for address in worker} == worker
    assert WORKER in page.files["p/later.js"]
    assert 'modules["shared/s.js"] =' in page.files["p/main.js"]


def test_module_that_the_page_fetches_and_a_worker_imports_is_an_error() -> None:
    sources = {
        "p/main.js": f'import("./between.js");\n{WORKER}',
        "p/x.worker.js": 'import { between } from "./between.js";\n',
        "p/between.js": "export const between = 1;\n",
    }
    problem = r"p/between\.js:1: the page fetches this, and a worker imports it"
    with pytest.raises(ValueError, match=problem):
        join_modules("p", sources)


def test_library_of_others_is_imported_where_it_is() -> None:
    sources = {
        "p/main.js": 'import { a } from "./a.js";\na(() => import("./later.js"));',
        "p/a.js": 'export const a = () => import("../vendor/library/library.mjs");',
        "p/later.js": 'import { a } from "./a.js";\nimport("../vendor/library/library.mjs").then(a);',
    }
    page = join_modules("p", sources)
    assert list(page.files) == ["p/later.js", "p/main.js"]
    for text in page.files.values():
        assert 'fetchModule("vendor/library/library.mjs")' in text


# The served files.

FETCHED = re.compile(r'\bfetchModule\("([^"]+)"\)')
LANGUAGES = files.get_languages("dashboard")
SERVED = [(page, name) for page, joined in files.JOINED.items() for name in sorted(joined.files)]


@pytest.mark.parametrize(("page", "name"), SERVED)
def test_every_module_that_a_served_file_needs_is_in_it_or_served(page: str, name: str) -> None:
    joined = files.JOINED[page]
    text = joined.files[name]
    assert files.FILES[name] == files.File.from_script(text)
    known = set(re.findall(r'^modules\["(.+?)"\] = ', joined.files[f"{page}/main.js"], re.M))
    for path in FETCHED.findall(text):
        is_library = path.endswith(".mjs")
        addresses = {path if is_library else joined.get_address(path, each) for each in LANGUAGES}
        assert path in known or addresses <= files.FILES.keys(), path
    for defined, needed in re.findall(r'^await defineModule\("(.+?)"|= modules\["(.+?)"\];', text, re.M):
        assert defined or needed in known, needed
        known.add(defined)


def test_no_template_literal_spans_lines() -> None:
    """Served files have no white space at the beginning of lines, which would change such literals."""
    for path in files.STATIC.rglob("*.js"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = re.sub(r"^\s*(?:\*|//|/\*).*|\s//\s.*", "", line)
            assert code.count("`") % 2 == 0, f"{path.name}:{number}"


#: parses modules by name, without linking or running them
PARSE = """
const modules = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const { SourceTextModule } = require("node:vm");
for (const [identifier, text] of Object.entries(modules)) new SourceTextModule(text, { identifier });
""".strip()


@needs_node
@pytest.mark.parametrize("page", files.JOINED)
def test_every_served_module_parses(page: str) -> None:
    modules = {name: files.FILES[name].content.decode() for name in files.JOINED[page].files}

    def parse(modules: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = [str(NODE), "--experimental-vm-modules", "-e", PARSE]
        return subprocess.run(command, input=json.dumps(modules), capture_output=True, text=True)

    done = parse(modules)
    assert done.returncode == 0, done.stderr
    assert "broken.js" in parse(modules | {"broken.js": "const"}).stderr


def links(app: Flask, address: str) -> list[str]:
    """Return the addresses that a page's HTML preloads for a caller with a session, in order."""
    client = app.test_client()
    client.set_cookie("access_token_cookie", "x")
    html = client.get(address).text
    addresses = re.findall(
        r'<(?:link rel="(?:preload|modulepreload|stylesheet)"|script)[^>]* (?:href|src)="([^"]+)"', html
    )
    return [link.replace("&amp;", "&") for link in addresses]


ID = "00000000-0000-4000-8000-000000000000"


def test_visit_page_preloads_two_files_and_two_calls(app: Flask) -> None:
    assert links(app, f"/visits/{ID}") == [
        f"{files.BASE}/form/main.js",
        f"{files.BASE}/form/words/en.js",
        "/api/v1/me",
        f"/api/v1/visits/{ID}?include=checklist",
    ]


@pytest.mark.parametrize("screen", ["", "/locations", "/reviews", f"/visits/{ID}", "/admin/plan"])
def test_page_of_staff_needs_three_files(app: Flask, screen: str) -> None:
    page = "admin" if "admin" in screen else "dashboard"
    base = f"{files.BASE}/{page}/"
    modules = [link for link in links(app, f"/dashboard{screen}") if link.startswith(base)]
    assert modules[:2] == [f"{base}main.js", f"{base}words/en.js"]
    assert [link.rpartition("/")[0] for link in modules[2:]] == [f"{base}screens"]


@pytest.mark.parametrize("address", ["/", "/none", "/locations/x", f"/visits/{ID}/more"])
def test_unknown_address_of_the_dashboard_shows_its_page_with_404(app: Flask, address: str) -> None:
    response = app.test_client().get(f"/dashboard{address}")
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert f"{files.BASE}/dashboard/main.js" in response.text


def test_service_worker_caches_all_files_of_the_form(app: Flask) -> None:
    client = app.test_client()
    match = re.search(r"^const FILES = (.*);$", client.get("/sw.js").text, re.M)
    assert match
    cached = json.loads(match[1])
    for address in cached:
        assert client.get(address).status_code == 200, address
    modules = {f"{files.BASE}/{name}" for name in files.JOINED["form"].files}
    assert {address for address in cached if address.endswith(".js")} == modules
    assert {address.rpartition(".")[2] for address in cached[2:]} == {"js", "svg", "png"}
