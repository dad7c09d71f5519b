"""The WSGI application, as servers and ``flask --app wsgi`` load it."""

import sys

from api.app import create_app
from api.settings import Settings, SettingsError

try:
    app = create_app(Settings.from_environment())
except SettingsError as error:
    sys.exit(f"Not started: {error}")
