"""The mystery-shopper server. This file is its map, and imports nothing.

    app.py        create_app: the one place where the components are connected
    settings.py   a frozen dataclass read from the environment; an invalid setting stops the start
    keys.py       keys for single purposes, derived from the secrets in the settings
    cli.py        the Flask commands: admin, db, demo, secrets, serve, worker, scores, photos
    serving/      starting the program: embedded.py in one process, processes.py in several
    log.py        the log, as JSON lines
    metrics.py    metrics for operators
    shared_counts.py  the counts of metrics, in memory that all processes share
    background.py calls that may hang, each in a thread of its own
    domain/       pure terms and rules: checklists, answers, scores, flags, permissions, every problem
    checklists/   the built-in checklists, as data
    database/     engines, read snapshots, write transactions, prepared statements
    models/       tables
    services/     the use cases; they take a Session and plain values, flush, and never commit
    exports/      builds the files that callers export, such as the report of a place as PDF, in a child
                  process of the worker
    http/         what every route uses: access control, request parsing, responses, problem documents,
                  ETags, compression, paging, transactions, OpenAPI
    routes/       endpoints
    pages/        HTML: docs.py with documentation/, form.py (the shopper's form), dashboard.py, admin.py
                  (administrators) and access.py (links in mails), with their files in static/
    jobs/         the worker: due tasks, notices, mails, deliveries to webhooks, and the processes that
                  build exports
    migrations/   Alembic

In addition, ``schemas/`` is the wire format and ``uploads/`` handles the photos. Imports point in one
direction: domain ← schemas | database ← models ← services ← exports | http ← routes, pages, jobs ← app ←
serving, cli, wsgi.
"""
