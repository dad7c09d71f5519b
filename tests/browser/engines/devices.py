"""A phone in each engine, controlled by WebDriver. Its data survives a kill and a restart.

Chromium and WebKit have their own drivers with an HTTP interface. Firefox takes the same commands over a
socket (Marionette), so that it needs no driver.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.browser.conftest import FLAGS
from tests.support.running import free_port
from tests.support.servers import stop_with_parent

SECONDS = 30
SECONDS_TO_START = 120
ENTER = "\ue007"
#: the key of an element's ID in WebDriver
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
#: the HTTP requests for WebDriver commands, by their names in Marionette
COMMANDS = {
    "Navigate": ("POST", "/url"),
    "ExecuteScript": ("POST", "/execute/sync"),
    "FindElement": ("POST", "/element"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "ElementSendKeys": ("POST", "/element/{id}/value"),
    "NewWindow": ("POST", "/window/new"),
    "GetWindowHandles": ("GET", "/window/handles"),
    "SwitchToWindow": ("POST", "/window"),
    "CloseWindow": ("DELETE", "/window"),
    "DeleteAllCookies": ("DELETE", "/cookie"),
}


class DriverError(Exception):
    """The browser could not run a command."""


class Device:
    """A browser with its own folder for its data, and its current tab."""

    #: the programs that this engine needs
    programs: tuple[str, ...]

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        profile.mkdir(parents=True, exist_ok=True)

    @classmethod
    def missing(cls) -> str | None:
        """Return why this engine cannot be tested on this machine, or None if it can."""
        missing = [name for name in cls.programs if not shutil.which(name)]
        return f"{', '.join(missing)} not found: see `make browsers`" if missing else None

    # Each engine implements these.

    def start(self) -> None:
        """Start the browser with its stored data."""
        raise NotImplementedError

    def command(self, name: str, **parameters: Any) -> Any:
        """Run a WebDriver command and return its value."""
        raise NotImplementedError

    def quit(self) -> None:
        """Close the browser as a user would."""
        raise NotImplementedError

    # All engines share these.

    def _run(self, *command: str | Path) -> None:
        """Run a program in a new process group, which will contain all processes of the browser."""
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "LANGUAGE": "en"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=stop_with_parent(signal.SIGKILL),
        )

    def kill(self) -> None:
        """Kill all processes of the browser, as if the battery of the phone were empty."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Close the browser, and kill all of its remaining processes."""
        with suppress(Exception):  # it may have been killed, or may not have started
            self.quit()
        self.kill()

    def open(self, address: str) -> None:
        self.command("Navigate", url=address)

    def run(self, script: str, *args: Any) -> Any:
        """Run the body of a function in the page and return its result."""
        return self.command("ExecuteScript", script=script, args=args)

    def wait_until(self, script: str, *args: Any) -> None:
        """Wait until the body of a function returns a true value in the page."""
        self._until(lambda: self.run(script, *args), f"{script} with {args}")

    def see(self, selector: str, count: int | None = None) -> None:
        """Wait until elements match a selector: at least one, or exactly ``count``."""
        number = "document.querySelectorAll(arguments[0]).length"
        condition = f"{number} > 0" if count is None else f"{number} === arguments[1]"
        self.wait_until(f"return {condition}", selector, count)

    def see_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.wait_until("return document.body.innerText.includes(arguments[0])", text)

    def click(self, selector: str) -> None:
        self._on(selector, "ElementClick")

    def type(self, selector: str, text: str) -> None:
        self._on(selector, "ElementSendKeys", text=text)

    def attach(self, selector: str, file: Path) -> None:
        """Choose a file in an input."""
        self.type(selector, str(file))

    def _on(self, selector: str, command: str, **parameters: Any) -> None:
        """Run a command on an element when it is present, enabled and not covered."""

        def attempt() -> bool:
            element = self.command("FindElement", using="css selector", value=f"{selector}:not(:disabled)")
            # No bar covers the middle of the page.
            self.run("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", element)
            self.command(command, id=element[ELEMENT], **parameters)
            return True

        self._until(attempt, f"{command} on {selector}")

    def _until(self, attempt: Callable[[], Any], what: str) -> None:
        try:
            until(attempt, what)
        except AssertionError as error:
            error.add_note(f"The page shows:\n{self.run('return document.body.innerText')}")
            raise

    def new_tab(self) -> str:
        """Open a tab, switch to it, and return its handle."""
        handle = str(self.command("NewWindow", type="tab")["handle"])
        self.switch_to(handle)
        return handle

    def tabs(self) -> list[str]:
        return list(self.command("GetWindowHandles"))

    def switch_to(self, tab: str) -> None:
        self.command("SwitchToWindow", handle=tab)

    def forget_cookies(self) -> None:
        """Delete the cookies of the open page."""
        self.command("DeleteAllCookies")

    def close_other_tabs(self) -> None:
        """Close all tabs except the first, and switch to it."""
        first, *others = self.tabs()
        for tab in others:
            self.switch_to(tab)
            self.command("CloseWindow")
        self.switch_to(first)


def until(attempt: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """Repeat an attempt, which may fail, until it returns a true value. Return that value."""
    give_up = time.monotonic() + seconds
    while True:
        error: Exception | None = None
        try:
            if result := attempt():
                return result
        except (DriverError, ConnectionRefusedError, FileNotFoundError) as raised:
            error = raised
        if time.monotonic() > give_up:
            raise AssertionError(f"Not within {seconds} s: {what}") from error
        time.sleep(0.05)


class OverHttp(Device):
    """A browser that a driver of its own starts."""

    driver: str

    def capabilities(self) -> dict[str, Any]:
        """Return the options of the browser."""
        raise NotImplementedError

    def start(self) -> None:
        port = free_port()
        self._run(self.driver, f"--port={port}")
        self._session, self._connection = "", HTTPConnection("127.0.0.1", port, timeout=SECONDS_TO_START)
        until(lambda: self._connection.connect() or True, self.driver, SECONDS_TO_START)
        session = self._request("POST", "/session", {"capabilities": {"alwaysMatch": self.capabilities()}})
        self._session = f"/session/{session['sessionId']}"

    def command(self, name: str, **parameters: Any) -> Any:
        method, path = COMMANDS[name]
        path = path.format(id=parameters.pop("id", None))
        return self._request(method, self._session + path, parameters if method == "POST" else None)

    def quit(self) -> None:
        self._request("DELETE", self._session)

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body))
        response = self._connection.getresponse()
        value = json.load(response)["value"]
        if response.status != 200:
            raise DriverError(f"{value['error']}: {value['message']}")
        return value


class Chromium(OverHttp):
    driver = "chromedriver"
    programs = ("chromedriver", "chromium")

    def capabilities(self) -> dict[str, Any]:
        for lock in self.profile.glob("Singleton*"):
            lock.unlink()
        args = [*FLAGS, "--headless", f"--user-data-dir={self.profile}"]
        return {"goog:chromeOptions": {"binary": shutil.which("chromium"), "args": args}}


class WebKit(OverHttp):
    """WebKitGTK in ``webkit_browser.py``, because the driver's MiniBrowser does not keep its data."""

    driver = "WebKitWebDriver"
    programs = ("WebKitWebDriver", "Xvfb", "/usr/bin/python3")
    browser = Path(__file__).with_name("webkit_browser.py")

    @classmethod
    def missing(cls) -> str | None:
        if missing := super().missing():
            return missing
        check = subprocess.run([cls.browser, "--check"], capture_output=True, text=True)
        reason = check.stderr.strip().splitlines()[-1:]
        return f"No WebKitGTK for Python, see `make browsers`: {reason}" if check.returncode else None

    def capabilities(self) -> dict[str, Any]:
        return {"webkitgtk:browserOptions": {"binary": str(self.browser), "args": [str(self.profile)]}}


class Firefox(Device):
    programs = ("firefox-esr",)
    #: a free port, and no dialog about earlier kills
    preferences = {"marionette.port": 0, "toolkit.startup.max_resumed_crashes": -1}

    def start(self) -> None:
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in self.preferences.items()
        ]
        (self.profile / "user.js").write_text("".join(lines))
        port = self.profile / "MarionetteActivePort"
        port.unlink(missing_ok=True)
        self._run("firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", self.profile)
        until(lambda: port.read_text(), "Firefox", SECONDS_TO_START)
        self._socket = socket.create_connection(("127.0.0.1", int(port.read_text())), SECONDS_TO_START)
        self._stream = self._socket.makefile("rb")
        self._receive()  # the greeting of the server
        self.command("NewSession")

    def command(self, name: str, **parameters: Any) -> Any:
        return self._send(f"WebDriver:{name}", parameters)

    def quit(self) -> None:
        self._send("Marionette:Quit", {"flags": ["eForceQuit"]})
        self.process.wait(SECONDS)

    # A message is the length of its JSON, a colon, and the JSON: [0, number, command, parameters] or
    # [1, number, error, result].

    def _send(self, name: str, parameters: Any) -> Any:
        message = json.dumps([0, 0, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise DriverError(f"{error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and result.keys() == {"value"} else result

    def _receive(self) -> Any:
        length = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise ConnectionError("The browser ended")
            length += byte
        return json.loads(self._stream.read(int(length)))


@contextmanager
def screen() -> Iterator[str]:
    """Run a virtual screen, and yield its name for DISPLAY."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as stream:
            yield f":{stream.readline().strip()}"
    finally:
        process.kill()
        process.wait()


ENGINES: dict[str, type[Device]] = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}
