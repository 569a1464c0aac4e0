"""The look of a run: its colour is its own everywhere, and a dash tells those of one colour apart."""

from dashboard import palette

RUNS = [f"job-{n}" for n in range(1, 27)] + ["local-20300101-120000-00000a"]


def test_a_run_has_its_colour_whatever_is_drawn_beside_it_and_in_which_order() -> None:
    """The table colours a row by its run alone; a chart of the same page must agree."""
    for drawn in (RUNS, RUNS[::-1], RUNS[5:9], ["job-18", "job-10"]):
        looks = palette.looks(drawn)
        assert {key: look.colour for key, look in looks.items()} == {
            key: palette.own(key) for key in drawn
        }


def test_the_order_changes_no_dash() -> None:
    assert palette.looks(RUNS) == palette.looks(RUNS[::-1])


def test_runs_of_one_colour_have_other_dashes_as_long_as_there_are_any() -> None:
    drawn = [f"job-{n}" for n in range(palette.COLOURS * palette.DASHES)]
    assert len(set(palette.looks(drawn).values())) == len(drawn)
    assert palette.looks([*drawn, "job-99"])["job-99"].colour == palette.own("job-99")


def test_no_two_of_a_few_runs_look_the_same_even_where_all_have_one_colour() -> None:
    drawn = [f"job-{n * palette.COLOURS}" for n in range(20)]
    assert len(set(palette.looks(drawn).values())) == 20
