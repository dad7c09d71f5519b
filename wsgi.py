"""The WSGI application, as servers and ``flask --app wsgi`` load it."""

import gc
import os
import sys

gc.disable()  # nearly all that is loaded stays, so searching it for garbage would only delay the start

from api.app import create_app  # noqa: E402
from api.settings import Settings, SettingsError  # noqa: E402

os.umask(0o077)  # only the user of the program may read the files that it writes
try:
    app = create_app(Settings.from_environment())
except SettingsError as error:
    sys.exit(f"Not started: {error}")
gc.freeze()
gc.enable()
