"""``search``: trials one after the other, until there are enough or the time is over."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError, UsageError
from uniecs.steps.durability import exclusive, write_durably
from uniecs.training.checkpoint import write_json
from uniecs.training.config import TrainConfig
from uniecs.training.history import Note
from uniecs.training.tuning.page import render_page
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.report import SHOWN, SearchReport, ranked
from uniecs.training.tuning.run_trial import UNTRAINABLE, drop_weights, run_trial
from uniecs.training.tuning.space import Setting
from uniecs.training.tuning.study import Study, Trial

PLAN = "search.json"


def search(
    catalog: Path,
    out: Path,
    plan: SearchPlan,
    *,
    trials: int,
    minutes: float | None = None,
    pictures: Path | None = None,
    note: Note | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> SearchReport:
    """Search for the settings with the best macro R@10 on val; test is never looked at.

    Killed at any moment and called again, it ends in the same trials: finished ones are not run
    again, and the one under way goes on from its checkpoint.

    Args:
        catalog: A catalog whose rows are valid.
        out: ``search.json``, ``study.db``, ``trials/<number>/``, ``report.json``, ``trials.html``.
        plan: What is searched.
        trials: In all, those of earlier calls counted.
        minutes: After so many no further trial begins; the one under way is finished.
        pictures: Where decoded pictures are kept for other runs; by default in ``out``.
        note: Told about progress: what a run tells, and ``begins`` and ``ends`` of each trial.
        clock: Seconds.

    Raises:
        UsageError: When ``out`` holds another search or something else.
        CatalogError: When the catalog cannot be read or paired.
        ModelError: When not even the first trial can be trained.
    """
    began = clock()
    _open(catalog, out, plan)
    with exclusive(out / "search.lock"):
        study = Study(out / "study.db", plan.space, seed=plan.seed)
        running = _Search(catalog, out, plan, study, pictures or out / "pictures", note)
        report = running.report()
        while len(report.trials) < trials:
            if minutes is not None and clock() - began > minutes * 60:
                break
            running.next(report, trials)
            report = running.report()
    return report


class _Search:
    """A search that is under way."""

    def __init__(
        self,
        catalog: Path,
        out: Path,
        plan: SearchPlan,
        study: Study,
        pictures: Path,
        note: Note | None,
    ) -> None:
        self._catalog = catalog
        self._out = out
        self._plan = plan
        self._study = study
        self._pictures = pictures
        self._note: Note = note or (lambda _kind, _values: None)

    def next(self, so_far: SearchReport, trials: int) -> None:
        """Run one trial and remember it; the first one has the plan's own settings."""
        number = len(so_far.trials)
        settings = (self._plan.given() if number == 0 else None) or self._study.propose()
        folder = self._out / "trials" / str(number)
        best = so_far.trials[so_far.best[0]] if so_far.best else None
        self._note("begins", {"number": number, "trials": trials, "best": best})
        try:
            trial = run_trial(
                self._catalog,
                folder,
                number,
                settings,
                self._config(settings),
                pictures=self._pictures,
                falls_behind=self._study.falls_behind,
                note=self._note,
            )
        except UNTRAINABLE as error:
            if number == 0:  # then it is hardly this trial's settings
                raise
            trial = Trial(number=number, state="failed", settings=settings, note=str(error))
        self._study.add(trial)
        if trial.state != "finished":
            drop_weights(folder)
        self._note("ends", {"trial": trial})

    def _config(self, settings: dict[str, Setting]) -> TrainConfig:
        try:
            return self._plan.config(settings)
        except UsageError as error:  # each may be had, but not with the others
            raise ValueError(str(error)) from error

    def report(self) -> SearchReport:
        """Write down how the search stands."""
        done = self._study.trials
        best = ranked(done)
        plan, catalog, out = self._plan, self._catalog, self._out / "best"
        report = SearchReport(
            catalog=str(catalog),
            plan=plan,
            trials=done,
            best=[trial.number for trial in best[:SHOWN]],
            importance=self._study.importance(),
            command=plan.command(catalog, out, best[0].settings) if best else "",
        )
        write_json(self._out / "report.json", report.model_dump(mode="json"))
        write_durably(self._out / "trials.html", render_page(report).encode())
        return report


def _open(catalog: Path, out: Path, plan: SearchPlan) -> None:
    """Start or recognise a search."""
    products = Catalog(catalog)
    asked = {"catalog_digest": products.digest, **plan.model_dump(mode="json")}
    path = out / PLAN
    if path.is_file() and (out / "trials").is_dir():
        stored = json.loads(path.read_text())
        different = [key for key in asked if asked[key] != stored.get(key)]
        if different:
            raise UsageError(
                f"{out} was started with another {' and '.join(different)} (see {path}); go on "
                "with the same, or give another --out."
            )
        return
    if out.exists() and not path.is_file() and not (out.is_dir() and not _strangers(out)):
        raise UsageError(f"{out} is no empty folder and holds no search; give another --out.")
    if not evaluation_pairs(products, "val"):
        raise CatalogError(f"{catalog} has no pairs in its val split, by which trials are judged.")
    out.mkdir(parents=True, exist_ok=True)
    write_json(path, asked)


def _strangers(out: Path) -> list[str]:
    """What is no trace of a search that was killed before it began."""
    return [found.name for found in out.iterdir() if found.name != f"{PLAN}.partial"]
