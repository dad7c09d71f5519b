"""A visit from end to end over HTTP."""

from tests.support.world import World, ok


def test_visit_from_assignment_to_score(world: World) -> None:
    visit = world.visit()
    assert visit["status"] == "assigned"
    visits = ok(world.shopper.get("/visits"))["items"]
    assert [row["id"] for row in visits] == [visit["id"]]
    photo_id = world.photo(visit)
    body = world.submission(
        {**world.submission()["answers"], "greeting": {"value": "yes", "photos": [photo_id]}}
    )
    receipt = ok(world.send(visit, body), 201)
    assert receipt["photos"] == [photo_id]
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "accepted"
    score = ok(world.manager.get(f"/locations/{world.location['id']}/score"))
    assert (score["total"]["points_earned"], score["total"]["points_possible"]) == (8, 8)
    region = ok(world.manager.get(f"/regions/{world.region['id']}/score"))
    assert region["total"] == score["total"]
    rows = ok(world.manager.get("/scores?by=location&sort=-score&include=change,months"))["items"]
    assert rows[0]["score"] == 1.0
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert details["answers"]["greeting"]["points_earned"] == 2
    assert world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}").mimetype == "image/jpeg"
