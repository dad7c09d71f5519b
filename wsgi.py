"""The WSGI application, as servers and ``flask --app wsgi`` load it."""

import os
import sys

from api.app import create_app
from api.settings import Settings, SettingsError

os.umask(0o077)  # only the user of the program may read the files that it writes
try:
    app = create_app(Settings.from_environment())
except SettingsError as error:
    sys.exit(f"Not started: {error}")
