"""Direct runs: whoever is killed, and whenever, the server's store equals the files, point for point."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import Site, wait_for
from tests.support.direct_kills import Kills, Training, freeze, judged, sync, thaw, total_points
from tests.support.point_for_point import differences

Trainings = list[Training]
rest = threading.Event().wait


@pytest.fixture
def both(site: Site) -> Iterator[Trainings]:
    """One that sends everything over HTTP, and one in the server's own folder."""
    there = [Training(site, site.folder / "elsewhere", "http"), Training(site, site.data, "shared")]
    yield there
    for training in there:
        training.end()


def test_five_kills_of_trainer_shipper_and_server_lose_and_double_nothing(
    site: Site, both: Trainings
) -> None:
    """The short form of `make soak ARGS="--only tracking"`."""
    kills = Kills(site, both, seed=5)
    kills.go_through(5, rest)
    assert judged(site, both) == []
    assert kills.done["trainer"] == 10
    assert kills.done["server"] == 5
    assert kills.done["shipper"] >= 5
    assert total_points(both) > 200
    assert "database is locked" not in site.web.said()
    for training in both:  # and whoever judges does see a point that is missing
        with (training.folder / "metrics.jsonl").open("ab") as file:
            file.write(b'{"step": 1, "twice": 1}\n')
        assert any("'twice')" in each for each in differences(site, training.folder))


@pytest.mark.postgres
def test_the_same_holds_on_postgresql_and_redis(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    site = Site(
        tmp_path, WHIRR_MODE="server", WHIRR_DATABASE_URL=postgres_url, WHIRR_REDIS_URL=redis_url
    )
    site.start_web()
    trainings = [Training(site, tmp_path / "elsewhere", "http")]
    try:
        Kills(site, trainings, seed=2).go_through(1, rest)
        assert judged(site, trainings) == []
    finally:
        trainings[0].end()
        site.stop()


def test_a_silent_server_holds_up_neither_begin_nor_log_nor_finish(site: Site) -> None:
    training = Training(site, site.folder / "elsewhere", "silent", patience=0.5)
    freeze(site)
    try:
        training.start()
        wait_for(lambda: "50" in training.words, within=20, what="it logs")
        training.finish()  # it ends while the server is silent
        assert training.words[-1].startswith("finished")
        assert "whirr sync" in training.said
        thaw(site)
        assert sync(site, training.data) == []
        assert differences(site, training.folder) == []
    finally:
        thaw(site)
        training.end()


def test_a_run_is_live_on_the_server_while_it_goes_on_and_failed_once_it_is_killed(
    site: Site, both: Trainings
) -> None:
    for training in both:
        training.start()
    for training in both:
        path = f"/api/v1/runs/{training.folder.name}"

        def count(path: str = path) -> int:
            found = site.client.get(
                f"{path}/series", headers={"Authorization": f"Bearer {site.secret}"}
            )
            return sum(each["count"] for each in found.json().get("series", ()))

        wait_for(lambda count=count: count() > 10, within=20, what="points")  # type: ignore[misc]
        assert site.call("GET", path).json()["status"] == "running"
    for training in both:
        training.program.kill()
    for training in both:
        wait_for(
            lambda training=training: not differences(site, training.folder),  # type: ignore[misc]
            within=20,
            what="all of it, by its shipper alone",
        )
        run = site.call("GET", f"/api/v1/runs/{training.folder.name}").json()
        assert run["status"] == "failed"
