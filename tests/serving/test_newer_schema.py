"""A program whose database was upgraded by a newer release reports that in one line, and changes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from api import migrations
from api.database.engines import Database
from tests.support import servers
from tests.support.running import ROOT, SECONDS, environment, free_port

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
COMMANDS = {
    "serve": [*FLASK, "serve"],
    "worker": [*FLASK, "worker"],
    "db upgrade": [*FLASK, "db", "upgrade"],
    "gunicorn": [sys.executable, "-m", "gunicorn", "-c", "python:api.serving.processes", "wsgi:app"],
}


def test_newer_schema_stops_every_start_with_one_line(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'survey.sqlite3'}")
    migrations.upgrade(database)
    become_newer(database)
    processes = {}
    for name, command in COMMANDS.items():
        arguments = f"--bind 127.0.0.1:{free_port()}"
        processes[name] = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(tmp_path, DEMO="0", PORT=str(free_port()), GUNICORN_CMD_ARGS=arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    for name, process in processes.items():
        output, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, output) == (1, ""), (name, errors)
        assert errors.count("\n") == 1, (name, errors)
        assert "the tables of a newer release (revision 9999)" in errors


def test_newer_schema_is_recognized_on_postgresql(postgres_url: str) -> None:
    database = Database(servers.new_database(postgres_url))
    migrations.check_schema(database)  # without tables
    migrations.upgrade(database)
    migrations.check_schema(database)
    become_newer(database)
    for attempt in (migrations.check_schema, migrations.upgrade):
        with pytest.raises(migrations.NewerSchema, match="9999"):
            attempt(database)
    database.close()


def become_newer(database: Database) -> None:
    database.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.close()
