import pytest

from uniecs.errors import DataError, GateRefused
from uniecs.loop.journal import Entry, Journal


@pytest.fixture
def journal(settings):
    return Journal(settings, "run-1")


def test_a_step_that_ends_is_told_with_its_time(journal):
    with journal.step("validate") as recording:
        recording.entry.headline = "10 rows"

    [entry] = journal.entries()
    assert (entry.step, entry.state, entry.headline) == ("validate", "done", "10 rows")
    assert entry.seconds >= 0


@pytest.mark.parametrize(
    ("error", "state", "headline"),
    [
        (GateRefused("no"), "refused", "no"),
        (DataError("bad row"), "failed", "bad row"),
        (KeyError("x"), "failed", "KeyError: 'x'"),
        (KeyboardInterrupt(), "failed", "KeyboardInterrupt: "),
    ],
)
def test_a_step_that_stops_says_why(journal, error, state, headline):
    with pytest.raises(type(error)), journal.step("train"):
        raise error

    [entry] = journal.entries()
    assert (entry.state, entry.headline) == (state, headline)


def test_a_step_that_is_killed_is_left_running(journal):
    with journal.step("train"):
        assert journal.find("train").state == "running"


def test_entries_come_in_the_order_in_which_steps_began(journal):
    for started, step in [(3.0, "c"), (1.0, "z"), (2.0, "a")]:
        journal.write(Entry(step=step, started=started))

    assert [entry.step for entry in journal.entries()] == ["z", "a", "c"]


def test_a_step_that_never_began_has_no_entry(journal):
    assert journal.find("train") is None
    assert journal.entries() == []
