"""The mystery-shopper server. This file is its map, and imports nothing.

    app.py        create_app: the one place where the parts are joined
    settings.py   what the environment says; the start is refused when something in it is wrong
    cli.py        the flask commands: admin, db, demo, serve, worker, scores, photos
    serve.py      serving: embedded.py in one process, processes.py in several
    log.py        the log, as lines of JSON
    metrics.py    the numbers that operators watch
    domain/       pure terms and rules: checklists, answers, scores, flags, who may do what, every problem
    checklists/   the built-in checklists, as data
    models/       tables
    services/     the use cases; they take a Session and plain values, flush, and never commit
    routes/       HTTP and JSON
    pages/        HTML: docs.py, form.py (the shopper's form) and dashboard.py, with their files in static/
    jobs/         the mechanism of the worker
    migrations/   Alembic

Beside it: ``schemas/`` is the wire format, ``uploads/`` the photos. Imports point one way:
domain ← schemas | models, uploads ← services ← routes, pages, jobs, cli ← app ← wsgi.
"""
