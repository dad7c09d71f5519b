#!/usr/bin/python3
"""A browser with WebKitGTK for WebKitWebDriver. It stores its data in the folder in its arguments.

The Python of the system runs it, because that has the bindings, which ``make browsers`` installs.
"""

import ctypes
import signal
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

PR_SET_PDEATHSIG = 1


def main(folder: str) -> None:
    """Wait for the driver, and open a window for each tab that it requests."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # end with the driver
    data = WebKit2.WebsiteDataManager(base_data_directory=folder, base_cache_directory=f"{folder}/cache")
    cookies = data.get_cookie_manager()
    cookies.set_persistent_storage(f"{folder}/cookies.sqlite", WebKit2.CookiePersistentStorage.SQLITE)
    context = WebKit2.WebContext(website_data_manager=data)

    def new_view(session: WebKit2.AutomationSession) -> WebKit2.WebView:
        view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
        window = Gtk.Window(default_width=400, default_height=850)
        view.connect("close", lambda view: window.destroy())
        window.add(view)
        window.show_all()
        return view

    context.connect(
        "automation-started", lambda context, session: session.connect("create-web-view", new_view)
    )
    context.set_automation_allowed(True)
    Gtk.main()


if sys.argv[1] != "--check":
    main(sys.argv[1])
