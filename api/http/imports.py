"""Requests that import a CSV file: all errors at once, without storing anything if there are any."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import marshmallow as ma
from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.imports import NEW
from api.http.context import current_actor, read_snapshot
from api.http.parsing import field_errors, read_text, require_type
from api.http.responses import json_response
from api.http.transactions import run_once
from api.services.imports import Columns, ImportFile, ImportPlan, LineError, parse_csv
from api.services.organizations import lock_organization

Plan = ImportPlan[Any]


def describe_csv(example: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body that is a CSV file."""
    content = {"text/csv": {"schema": {"type": "string", "format": "binary"}, "example": example}}
    return {"required": True, "content": content}


def run_import(
    query: Mapping[str, Any],
    columns: Columns,
    row_schema: ma.Schema,
    result_schema: ma.Schema,
    make_plan: Callable[[Session, ImportFile], Plan],
    store: Callable[[Session, Plan], None],
) -> Response:
    """Run an import, or only return what it would do if ``query`` (``ImportQuery``) has ``dry_run``.

    ``row_schema`` checks the cells of a row. ``make_plan`` reads, and ``store`` stores a plan without errors.

    Raises INVALID with a pointer to the line and column of each error, unless it is a dry run.
    """
    file = _read_file(columns, query["mode"], row_schema)

    def dump(plan: Plan) -> Any:
        counts = plan.count_states()
        # The schema of locations has the name of earlier versions, too.
        result = {**counts, "imported": counts[NEW], "errors": plan.errors}
        if "lines" in query["include"]:
            result["lines"] = plan.rows
        return result_schema.dump(result)

    if query["dry_run"]:
        return json_response(dump(make_plan(read_snapshot(), file)))

    def work(session: Session) -> Plan:
        # Of two simultaneous imports, the second one sees what the first one stored.
        lock_organization(session, current_actor().organization_id)
        plan = make_plan(session, file)
        plan.check()
        store(session, plan)
        return plan

    return run_once(work, dump, get_status=lambda plan: 201 if plan.only_adds else 200)


def _read_file(columns: Columns, mode: str, row_schema: ma.Schema) -> ImportFile:
    require_type("text/csv")
    text = read_text()
    if "\0" in text:
        raise problems.MALFORMED("The text contains a NUL character.")
    file = parse_csv(text, columns, mode)
    for row in file.rows:
        try:
            row.values = row_schema.load(row.values, partial=True)
        except ma.ValidationError as error:
            row.values = cast(dict[str, Any], error.valid_data)
            for column, messages in error.normalized_messages().items():
                file.errors += [LineError(row.line, column, found.detail) for found in field_errors(messages)]
    return file
