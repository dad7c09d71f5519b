"""Connections to both servers: how long they stay open, and what malformed requests get."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.support.malformed import MALFORMED, exchange
from tests.support.running import Running, running


@pytest.fixture(scope="module", params=["1", "2"], ids=["waitress", "gunicorn"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The program as one process of waitress, and as two of gunicorn."""
    with running(tmp_path_factory.mktemp("connections"), DEMO="0", WORKERS=request.param) as program:
        yield program
        assert program.end() == 0
        assert "Traceback" not in program.output()


def test_connection_stays_open_after_a_response_without_body(program: Running) -> None:
    connection = HTTPConnection(program.base.removeprefix("http://"), timeout=60)
    connection.request("GET", "/api/v1/openapi.json")
    response = connection.getresponse()
    response.read()
    socket_before = connection.sock
    for _ in range(3):
        connection.request("GET", "/api/v1/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
        not_modified = connection.getresponse()
        assert (not_modified.status, not_modified.read(), not_modified.will_close) == (304, b"", False)
        assert connection.sock is socket_before is not None
    connection.close()


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request_gets_a_problem_document(program: Running, name: str) -> None:
    request, expected = MALFORMED[name]
    status, headers, body = exchange(program.port, request)
    problem = json.loads(body)
    assert (status, problem["status"]) == (expected, expected)
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == ("/problems/malformed-request" if status == 400 else f"/problems/http-{status}")
    assert problem["request_id"] == headers["X-Request-ID"]
