"""Runs nginx with the configuration of the containers."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from signal import SIGTERM
from typing import Any

from tests.support.running import free_port
from tests.support.servers import stop_with_parent

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
#: The main configuration, for a process that writes to one folder and stays in the foreground.
MAIN_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/server.conf;
}}
"""


@contextmanager
def nginx(folder: Path, root: Path, *servers: str) -> Iterator[int]:
    """Run nginx with the configuration of the containers in front of ``servers``; yield its port."""
    port = free_port()
    text = (root / "deploy/nginx.conf").read_text()
    changes = {
        "server web:8000;": "".join(f"server {server};" for server in servers),
        "listen 8080;": f"listen 127.0.0.1:{port};",
    }
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "server.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN_CONFIGURATION.format(folder=folder))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [str(NGINX), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
            stdout=output,
            stderr=output,
            preexec_fn=stop_with_parent(SIGTERM),
        )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                call(port, "GET", "/health/live")
                break
            except OSError:
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def call(
    port: int, method: str, path: str, body: bytes | Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send a request; return the status and the body, which is decoded if it is JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        return response.status, json.loads(data) if "json" in (response.headers.get_content_type()) else data
    finally:
        connection.close()
