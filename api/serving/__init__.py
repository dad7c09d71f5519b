"""Serving, with the worker: in one process (waitress) or in several (gunicorn)."""
