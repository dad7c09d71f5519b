"""Serving: in one process (waitress) or in several (gunicorn), with the worker."""
