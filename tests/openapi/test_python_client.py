"""A Python client is generated without a warning, and makes the whole journey against the running program."""

import hashlib
import importlib
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import pytest

from tests.support.pictures import jpeg
from tests.support.running import ROOT, Running, environment, running
from tests.support.world import CHECKLIST

ADMIN = "admin@example.com"
PASSWORD = "correct horse battery"
PACKAGE = "survey_client"
CONFIGURATION = ROOT / "docs/openapi-python-client.yaml"

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The running program, with one administrator."""
    folder = tmp_path_factory.mktemp("program")
    settings = {"DEMO": "0", "ACCEPT_EVERY_MINUTES": "0"}
    with running(folder, **settings) as program:
        subprocess.run(
            [
                *(sys.executable, "-m", "flask", "--app", "wsgi", "admin", "create"),
                *(ADMIN, "--organization", "Harbour Stores"),
            ],
            cwd=ROOT,
            env=environment(folder, **settings, ADMIN_PASSWORD=PASSWORD),
            check=True,
            capture_output=True,
        )
        yield program


@pytest.fixture(scope="module")
def package(program: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the package that is generated from the document that the program serves."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    with urlopen(f"{program.base}/api/v1/openapi.json") as response:
        document.write_bytes(response.read())
    tools = Path(sys.executable).parent
    result = subprocess.run(
        [
            *(tools / "openapi-python-client", "generate", "--path", document, "--meta", "none"),
            *("--output-path", folder / PACKAGE, "--config", CONFIGURATION, "--fail-on-warning"),
        ],
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},  # it formats with ruff
        capture_output=True,
        text=True,
    )
    output = result.stdout + result.stderr
    assert (result.returncode, output.strip()) == (0, f"Generating {folder / PACKAGE}"), output
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    yield folder / PACKAGE
    sys.path.remove(str(folder))


class Client:
    """The functions of the generated package by operation ID, as one caller."""

    def __init__(self, package: Path, base: str, token: str | None = None) -> None:
        generated = importlib.import_module(PACKAGE)
        self._caller = (
            generated.AuthenticatedClient(base_url=base, token=token)
            if token
            else generated.Client(base_url=base)
        )
        self._modules = {path.stem: path for path in package.glob("api/*/*.py")}

    def __getattr__(self, operation_id: str) -> Callable[..., Any]:
        path = self._modules[operation_id]
        module = importlib.import_module(f"{PACKAGE}.api.{path.parent.name}.{operation_id}")

        def call(*arguments: Any, **options: Any) -> Any:
            response = module.sync_detailed(*arguments, client=self._caller, **options)
            assert response.status_code < 300, response
            return response.parsed

        return call


def test_every_operation_has_a_function(package: Path, program: Running) -> None:
    with urlopen(f"{program.base}/api/v1/openapi.json") as response:
        document = httpx.Response(200, content=response.read()).json()
    operations = {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    functions = {path.stem for path in package.glob("api/*/*.py")} - {"__init__"}
    assert functions == operations


def test_a_generated_client_makes_the_whole_journey(package: Path, program: Running) -> None:
    models = importlib.import_module(f"{PACKAGE}.models")
    types = importlib.import_module(f"{PACKAGE}.types")

    def sign_in(email: str) -> Client:
        body = models.Login(email=email, password=PASSWORD)
        pair = Client(package, program.base).log_in(body=body)
        return Client(package, program.base, pair.access_token)

    # An administrator sets the programme up.
    admin = sign_in(ADMIN)
    region = admin.create_region(body=models.RegionWrite(name="South", code="S"))
    csv = b"code,name,region_code,time_zone\nL1,London Bridge,S,Europe/London\n"
    imported = admin.import_locations(body=types.File(payload=csv))
    assert imported.imported == 1
    (location,) = admin.list_locations(region_id=region.id).items
    other = admin.create_location(
        body=models.LocationWrite(code="L2", name="Soho", region_id=region.id, time_zone="Europe/London")
    )
    people = {
        role: admin.create_user(
            body=models.UserNew(
                email=f"{role.value}@example.com",
                name=role.value,
                role=role,
                password=PASSWORD,
                **({"region_ids": [region.id]} if role is models.Role.MANAGER else {}),
            )
        )
        for role in (models.Role.SHOPPER, models.Role.REVIEWER, models.Role.MANAGER)
    }
    admin.create_checklist(body=models.ChecklistDraft.from_dict({**CHECKLIST, "review": "manual"}))
    published = admin.publish_checklist("visit")
    assert (published.version, published.title.to_dict()) == (1, CHECKLIST["title"])
    window = models.Window(opens_at=NOW - timedelta(days=1), closes_at=NOW + timedelta(days=1))
    order = models.VisitNew(
        location_id=location.id,
        shopper_id=people[models.Role.SHOPPER].id,
        checklist_key="visit",
        window=window,
    )
    assigned = admin.assign_visits(body=order)
    assert isinstance(assigned, models.EvidenceVisit)
    assert (assigned.view, assigned.status) == ("evidence", models.VisitStatus.ASSIGNED)
    batch = admin.assign_visits(
        body=[models.VisitNew.from_dict({**order.to_dict(), "location_id": str(other.id)})]
    )
    assert [type(visit) for visit in batch.items] == [models.EvidenceVisit]

    # The shopper sends answers with a photo.
    shopper = sign_in("shopper@example.com")
    visits = shopper.list_visits().items
    assert {type(visit) for visit in visits} == {models.OwnVisit}
    (visit,) = (visit for visit in visits if visit.location.code == "L1")
    checklist = shopper.get_visit(visit.id, include=models.GetVisitInclude.CHECKLIST).checklist
    assert isinstance(checklist, models.ChecklistVersion)
    assert checklist.sections[0].questions[0].type_ is models.QuestionType.YES_NO
    picture, photo_id = jpeg(), uuid.uuid4()
    declared = shopper.declare_photo(
        visit.id,
        photo_id,
        body=models.PhotoDeclaration(
            question="greeting",
            sha256=hashlib.sha256(picture).hexdigest(),
            size=len(picture),
            content_type=models.PhotoDeclarationContentType.IMAGEJPEG,
        ),
    )
    upload = declared.upload
    httpx.request(
        upload.method, upload.url, headers=upload.headers.to_dict(), content=picture
    ).raise_for_status()
    assert shopper.confirm_photo(visit.id, photo_id).status is models.ConfirmedPhotoStatus.STORED
    answers = {
        "greeting": {"value": "yes", "photos": [str(photo_id)]},
        "wait": {"value": 45, "comment": "Two tills were closed."},
        "thanks": {"not_applicable": True},
        "problem": {"value": "no"},
    }
    submission = models.Submission(
        revision=1,
        checklist_version=1,
        started_at=NOW - timedelta(minutes=20),
        finished_at=NOW - timedelta(minutes=2),
        answers=models.SubmissionAnswers.from_dict(answers),
    )
    receipt = shopper.submit_answers(visit.id, body=submission, device_time=NOW.isoformat())
    assert (receipt.visit_id, receipt.revision, receipt.photos) == (visit.id, 1, [str(photo_id)])
    assert isinstance(shopper.get_submission(visit.id), models.Submission)

    # A reviewer accepts the visit.
    reviewer = sign_in("reviewer@example.com")
    (waiting,) = reviewer.list_reviews().items
    assert waiting.visit_id == visit.id
    evidence = reviewer.get_submission(visit.id)
    assert isinstance(evidence, models.ScoredSubmission)
    assert evidence.score.points_possible == 6
    decision = reviewer.review_visit(
        visit.id, body=models.DecisionNew(revision=1, decision=models.ReviewDecision.ACCEPT)
    )
    assert decision.reviewer_id == people[models.Role.REVIEWER].id

    # A manager reads the visit and the score, and so does an API client.
    manager = sign_in("manager@example.com")
    issued = admin.create_api_client(
        body=models.ApiClientNew(name="Warehouse", scopes=[models.Scope.SCORESREAD, models.Scope.VISITSREAD])
    )
    token = httpx.post(
        f"{program.base}/api/v1/auth/token",
        auth=(str(issued.client_id), issued.client_secret),
        data={"grant_type": "client_credentials"},
    ).json()["access_token"]
    for reader in (manager, Client(package, program.base, token)):
        (watched,) = reader.list_visits().items
        assert isinstance(watched, models.WatchedVisit)
        answer = reader.get_visit(visit.id).answers["wait"]
        assert (answer.points_earned, answer.comment) == (2, "Two tills were closed.")
        assert reader.get_photo(visit.id, photo_id).payload.read()[:3] == b"\xff\xd8\xff"
        report = reader.get_location_score(location.id)
        assert (report.total.points_earned, report.total.points_possible) == (4, 6)
        by = [models.ListScoresByItem.LOCATION, models.ListScoresByItem.SECTION]
        (cell, *_) = reader.list_scores(by=by, fields=[models.ListScoresFieldsItem.SECTION]).items
        assert cell.section.key == "welcome"
