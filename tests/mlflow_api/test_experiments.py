"""An experiment is a project of whirr, under a number that stays."""

from typing import Any

import pytest

from tests.mlflow_api.asking import (
    INVALID,
    MISSING,
    answer,
    get,
    new_experiment,
    new_run,
    post,
    refused,
    run,
)
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db


def names(**wish: Any) -> list[str]:
    return [each["name"] for each in post("experiments/search", **wish)["experiments"]]


def test_number_0_is_the_default_and_is_there_from_the_beginning() -> None:
    told = get("experiments/get", experiment_id="0")["experiment"]
    assert (told["experiment_id"], told["name"]) == ("0", "Default")
    assert get("experiments/get-by-name", experiment_name="Default")["experiment"] == told
    assert names() == ["Default"]


def test_one_that_is_made_is_found_by_number_and_name_with_its_tags() -> None:
    tags = [{"key": "team", "value": "a"}]
    made = post("experiments/create", name="vision/cats", tags=tags)["experiment_id"]
    told = get("experiments/get", experiment_id=made)["experiment"]
    assert told["name"] == "vision/cats"
    assert told["tags"] == tags
    assert told["lifecycle_stage"] == "active"
    assert get("experiments/get-by-name", experiment_name="vision/cats")["experiment"] == told


def test_a_project_of_jobs_is_one_and_keeps_its_number() -> None:
    make_run(project="queue")
    first = get("experiments/get-by-name", experiment_name="queue")["experiment"]["experiment_id"]
    make_run(project="other")
    assert sorted(names()) == ["Default", "other", "queue"]
    again = get("experiments/get-by-name", experiment_name="queue")["experiment"]
    assert again["experiment_id"] == first


def test_a_name_that_is_taken_is_refused_with_mlflows_word_for_it() -> None:
    made = new_experiment()
    taken = (400, "RESOURCE_ALREADY_EXISTS")
    assert refused("POST", "experiments/create", {"name": "vision"}) == taken
    post("experiments/delete", experiment_id=made)
    assert refused("POST", "experiments/create", {"name": "vision"}) == taken
    assert refused("POST", "experiments/create", {"name": "Default"}) == taken
    make_run(project="queue")
    assert refused("POST", "experiments/create", {"name": "queue"}) == taken


def test_a_deleted_one_hides_its_runs_until_it_is_restored() -> None:
    made = new_experiment()
    run_id = new_run(made)
    post("experiments/delete", experiment_id=made)
    assert names() == ["Default"]
    assert names(view_type="DELETED_ONLY") == ["vision"]
    assert run(run_id)["info"]["lifecycle_stage"] == "deleted"
    assert post("runs/search", experiment_ids=[made])["runs"] == []
    assert refused("POST", "runs/create", {"experiment_id": made}) == INVALID
    post("experiments/restore", experiment_id=made)
    assert run(run_id)["info"]["lifecycle_stage"] == "active"
    assert len(post("runs/search", experiment_ids=[made])["runs"]) == 1


def test_the_default_is_neither_deleted_nor_renamed() -> None:
    assert refused("POST", "experiments/delete", {"experiment_id": "0"}) == INVALID
    body = {"experiment_id": "0", "new_name": "mine"}
    assert refused("POST", "experiments/update", body) == INVALID


def test_a_new_name_takes_the_runs_along() -> None:
    made = new_experiment()
    run_id = new_run(made)
    post("experiments/update", experiment_id=made, new_name="sight")
    assert get("experiments/get", experiment_id=made)["experiment"]["name"] == "sight"
    assert run(run_id)["info"]["experiment_id"] == made
    assert refused("GET", "experiments/get-by-name", {"experiment_name": "vision"}) == MISSING


def test_a_project_that_jobs_name_keeps_its_name() -> None:
    make_run(project="queue")
    made = get("experiments/get-by-name", experiment_name="queue")["experiment"]["experiment_id"]
    body = {"experiment_id": made, "new_name": "other"}
    assert refused("POST", "experiments/update", body) == INVALID


def test_a_tag_is_set_set_anew_and_deleted() -> None:
    made = new_experiment()
    for value in ("a", "b"):
        post("experiments/set-experiment-tag", experiment_id=made, key="team", value=value)
    told = get("experiments/get", experiment_id=made)["experiment"]["tags"]
    assert told == [{"key": "team", "value": "b"}]
    body = {"experiment_id": made, "key": "team"}
    assert answer("POST", "experiments/delete-experiment-tag", body).status_code == 200
    assert refused("POST", "experiments/delete-experiment-tag", body) == MISSING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'a'", ["a"]),
        ("name LIKE 'a%'", ["ab", "a"]),
        ("attribute.name ILIKE 'A'", ["a"]),
        ("tags.team = 'x'", ["ab"]),
        ("name != 'a' and creation_time > 0", ["ab", "Default"]),
    ],
)
def test_a_search_goes_by_name_and_tags(text: str, expected: list[str]) -> None:
    new_experiment("a")
    post("experiments/create", name="ab", tags=[{"key": "team", "value": "x"}])
    get("experiments/get", experiment_id="0")
    assert names(filter=text) == expected


def test_a_list_is_sorted_and_comes_in_pages() -> None:
    for name in "cab":
        new_experiment(name)
    first = post("experiments/search", max_results=3, order_by=["name ASC"])
    rest = post(
        "experiments/search",
        max_results=3,
        order_by=["name ASC"],
        page_token=first["next_page_token"],
    )
    told = [each["name"] for page in (first, rest) for each in page["experiments"]]
    assert told == ["Default", "a", "b", "c"]
    assert "next_page_token" not in rest


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "a\0b", 7, None, ["a"]])
def test_a_name_that_cannot_be_a_project_is_refused(name: Any) -> None:
    assert refused("POST", "experiments/create", {"name": name}) == INVALID
