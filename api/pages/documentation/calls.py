"""Examples of calls in curl and Python, built from the OpenAPI document.

They take the server, the token and the credentials from environment variables: see the guide "Getting
started".
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from api.http.openapi_examples import make_example

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
#: Example values of path parameters and of the signatures of links, which the document has no example of
_VALUES = {"key": "store-visit", "token": "SIGNATURE", "version": "1"}
#: Example values of headers that a call requires
_HEADERS = {"If-Match": '"9f86d081884c7d659a2feaa0c55ad015"'}
#: A file for each other type of body
_FILES = {"text/csv": "locations.csv", "image/jpeg": "photo.jpg", "image/png": "logo.png"}
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """An example of a call: what an operation requires, with example values."""

    method: str
    address: str
    #: ``bearer``, ``basic``, or nothing
    authentication: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: Any = None
    returns_json: bool = False
    #: the name of the file that the response becomes, if it is not text
    file: str = ""


def make_call(
    method: str, path: str, operation: Mapping[str, Any], parameters: list[Mapping[str, Any]], document: Any
) -> Call:
    """Return an example call. ``parameters`` are those of the path, query and headers."""
    required = [parameter for parameter in parameters if parameter.get("required")]
    values = {
        parameter["name"]: _VALUES.get(parameter["name"])
        or _make_value(make_example(parameter["schema"], document))
        for parameter in required
    }
    query = {p["name"]: values[p["name"]] for p in required if p["in"] == "query"}
    address = path
    for parameter in required:
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", quote(values[parameter["name"]], safe=""))
    if query:
        address += f"?{urlencode(query)}"
    content_type, content = next(
        iter(operation.get("requestBody", {}).get("content", {}).items()), ("", dict[str, Any]())
    )
    success = next(
        response for status, response in sorted(operation["responses"].items()) if status.startswith("2")
    )
    types = list(success.get("content", {}))
    return Call(
        method.upper(),
        address,
        _find_authentication(operation),
        {p["name"]: _HEADERS[p["name"]] for p in required if p["in"] == "header"},
        content_type,
        content.get("example"),
        JSON in types,
        "" if not types or JSON in types or types == ["text/plain"] else _name_file(types[0]),
    )


def _find_authentication(operation: Mapping[str, Any]) -> str:
    schemes = [name for alternative in operation.get("security", []) for name in alternative]
    if "client_secret" in schemes:
        return "basic"
    return "bearer" if schemes else ""


def _make_value(example: Any) -> str:
    if isinstance(example, list):
        return ",".join(map(str, example))
    return str(example)


def _name_file(content_type: str) -> str:
    return {"text/csv": "export.csv", "image/png": "logo.png"}.get(content_type, "photo.jpg")


def write_curl(call: Call) -> str:
    """Return a call as a command for a shell."""
    lines = [f'curl "$SURVEY_URL{call.address}"']
    if call.method not in ("GET", "POST") or (call.method == "POST" and not call.content_type):
        lines.append(f"--request {call.method}")
    if call.authentication == "basic":
        lines.append('--user "$SURVEY_CLIENT_ID:$SURVEY_CLIENT_SECRET"')
    elif call.authentication:
        lines.append('--header "Authorization: Bearer $TOKEN"')
    lines += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.content_type == FORM:
        lines += [f"--data {shlex.quote(f'{name}={value}')}" for name, value in call.body.items()]
    elif call.content_type:
        lines.append(f"--header 'Content-Type: {call.content_type}'")
        if call.content_type == JSON:
            lines.append(f"--data {shlex.quote(json.dumps(call.body, indent=2, ensure_ascii=False))}")
        else:
            lines.append(f"--data-binary @{_FILES[call.content_type]}")
    if call.file:
        lines.append(f"--output {call.file}")
    return " \\\n  ".join(lines)


def write_python(call: Call) -> str:
    """Return a call as a Python program with the library Requests."""
    arguments = [f'os.environ["SURVEY_URL"] + "{call.address}"']
    headers = dict(call.headers)
    if call.authentication == "basic":
        arguments.append('auth=(os.environ["SURVEY_CLIENT_ID"], os.environ["SURVEY_CLIENT_SECRET"])')
    elif call.authentication:
        headers = {"Authorization": "TOKEN", **headers}
    if call.content_type not in ("", JSON, FORM):
        headers["Content-Type"] = call.content_type
    if headers:
        text = _write_value(headers, 1).replace('"TOKEN"', "f\"Bearer {os.environ['TOKEN']}\"")
        arguments.append(f"headers={text}")
    if call.content_type in (JSON, FORM):
        name = "json" if call.content_type == JSON else "data"
        arguments.append(f"{name}={_write_value(call.body, 1)}")
    elif call.content_type:
        arguments.append(f'data=open("{_FILES[call.content_type]}", "rb")')
    arguments.append("timeout=30")
    lines = [
        "import os",
        "",
        "import requests",
        "",
        f"response = requests.{call.method.lower()}(",
        *(f"{_INDENT}{argument}," for argument in arguments),
        ")",
        "response.raise_for_status()",
    ]
    if call.file:
        lines += [f'with open("{call.file}", "wb") as file:', f"{_INDENT}file.write(response.content)"]
    elif call.returns_json:
        lines.append("print(response.json())")
    return "\n".join(lines)


def _write_value(value: Any, depth: int) -> str:
    """Return JSON data as Python, in lines if it is not short."""
    if not isinstance(value, dict | list):
        # A JSON string is also a Python string.
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict):
        items = [
            f"{json.dumps(name, ensure_ascii=False)}: {_write_value(item, depth + 1)}"
            for name, item in value.items()
        ]
    else:
        items = [_write_value(item, depth + 1) for item in value]
    short = f"{opening}{', '.join(items)}{closing}"
    if len(short) <= 60 and "\n" not in short:
        return short
    inner = _INDENT * (depth + 1)
    return f"{opening}\n" + "".join(f"{inner}{item},\n" for item in items) + f"{_INDENT * depth}{closing}"
