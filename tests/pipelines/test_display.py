import pytest
from rich.console import Console

from pipelines.display import Display
from uniecs.loop.journal import Entry, Journal


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(settings):
    return Journal(settings, "r1")


@pytest.fixture
def console():
    return Console(record=True, width=200, force_terminal=False)


def test_a_step_ends_in_one_line_with_its_time_and_what_it_found(journal, console):
    listener = Display(console, journal).listener
    listener.began("split-and-pair")
    journal.write(
        Entry(step="split_and_pair", state="done", started=1, seconds=2.34, headline="[10] pairs")
    )
    listener.ended("split-and-pair", True)

    [line] = console.export_text().splitlines()
    assert line.split() == ["✓", "split_and_pair", "2.3", "s", "[10]", "pairs"]


def test_a_reused_step_says_so(journal, console):
    listener = Display(console, journal).listener
    journal.write(Entry(step="train", state="done", started=1, seconds=0.4, reused=True))
    listener.ended("train", True)

    assert "reused" in console.export_text()


def test_a_process_that_died_without_a_word_is_told_and_kept_in_the_journal(journal, console):
    listener = Display(console, journal).listener
    journal.write(Entry(step="train", started=1))
    listener.ended("train", False)

    assert "run the same command again" in console.export_text()
    assert journal.find("train").state == "failed"


def test_off_a_terminal_a_long_step_is_heard_of_now_and_then(journal, console):
    clock = Clock()
    listener = Display(console, journal, clock=clock).listener
    listener.began("train")
    for second in range(0, 70, 5):
        clock.now = float(second)
        listener.said(f"[KFP Executor 2026-11-22 21:00:00,000 INFO]: step {second} of 70, loss 2.0")
        listener.said("[KFP Executor 2026-11-22 21:00:00,000 INFO]: Loading KFP component")
        listener.said('"executorInput": {')

    lines = console.export_text().splitlines()
    assert ["step 30 of 70" in lines[0], "step 60 of 70" in lines[1]] == [True, True]
    assert len(lines) == 2
