from pathlib import Path

import pytest

from uniecs.errors import CatalogError, GateRefused, StepError
from uniecs.loop.journal import Journal
from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.steps import run_step


class CountSpec(LoopSpec):
    words: str
    limit: int = 10


def _count(folder: Path, words: str) -> dict[str, int]:
    (folder / "report").mkdir()
    (folder / "report" / "page.html").write_text(words)
    (folder / "words.txt").write_text(words)
    return {"words": len(words.split())}


@loop_step("count")
def count(spec: CountSpec, _) -> Step:
    if not spec.words:
        raise CatalogError("no words; give some")
    return Step(
        inputs={"words": spec.words},
        code=["uniecs.errors"],
        work=lambda folder: _count(folder, spec.words),
        headline=lambda report: f"{report['words']} words",
        refusal=lambda report: "too many words" if report["words"] > spec.limit else "",
        shows="report",
    )


def test_a_step_runs_once_and_both_runs_tell_of_it(settings):
    first = count(CountSpec(run_id="r1", words="a b"), settings)
    again = count(CountSpec(run_id="r2", words="a b"), settings)

    assert (first.reused, again.reused) == (False, True)
    assert first.folder == again.folder
    for run, reused in (("r1", False), ("r2", True)):
        [entry] = Journal(settings, run).entries()
        assert (entry.state, entry.headline, entry.reused) == ("done", "2 words", reused)
        assert (Journal(settings, run).folder / "count" / "page.html").read_text() == "a b"


def test_a_refusing_step_keeps_its_output_and_refuses_again_without_new_work(settings):
    for run in ("r1", "r2"):
        with pytest.raises(GateRefused, match="too many words"):
            count(CountSpec(run_id=run, words="a b c", limit=2), settings)

    [entry] = Journal(settings, "r2").entries()
    assert (entry.state, entry.headline, entry.reused) == ("refused", "too many words", True)
    assert entry.report == {"words": 3}


def test_a_step_whose_input_is_unusable_is_told_as_failed(settings):
    with pytest.raises(CatalogError):
        count(CountSpec(run_id="r", words=""), settings)

    [entry] = Journal(settings, "r").entries()
    assert (entry.state, entry.headline) == ("failed", "no words; give some")


def _publish(settings, target: Path, *, page: str, row: str) -> Path:
    def work(folder: Path) -> dict[str, str]:
        for name, text in (("catalog/rows", row), ("report/page", page)):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        return {}

    output = run_step(
        "part", inputs={}, config={"p": page, "r": row}, code=[], work=work, settings=settings
    )
    return output.publish(target)


def test_the_digest_of_a_part_ignores_what_lies_beside_it(settings, tmp_path):
    one = _publish(settings, tmp_path / "one", page="drawn on Monday", row="1")
    redrawn = _publish(settings, tmp_path / "redrawn", page="drawn on Tuesday", row="1")
    other = _publish(settings, tmp_path / "other", page="drawn on Monday", row="2")

    assert published_digest(one, "catalog") == published_digest(redrawn, "catalog")
    assert published_digest(one, "catalog") != published_digest(other, "catalog")
    assert published_digest(one, "report") != published_digest(redrawn, "report")


def test_a_part_that_is_not_there_is_an_error_not_an_empty_digest(settings, tmp_path):
    folder = _publish(settings, tmp_path / "one", page="p", row="1")

    with pytest.raises(StepError, match="holds no model"):
        published_digest(folder, "model")
