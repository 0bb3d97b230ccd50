"""The last run as Markdown: what was measured where, one table per suite, goals met and missed."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from benchmarks.speed.rows import Goal, Row
from benchmarks.speed.summary import Ratio

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def report(rows: list[Row]) -> str:
    """Markdown of one run's rows."""
    if not rows:
        return "No run yet.\n"
    parts = [_heading(rows)]
    for suite, found in groupby(rows, key=lambda row: row.suite):
        parts.append(_table(suite, list(found)))
    return "\n".join(parts)


def reports(runs: list[list[Row]]) -> str:
    """Markdown of the rows of several runs, or that there are none."""
    return "\n".join(map(report, runs or [[]]))


def put_into(page: Path, figures: str) -> None:
    """Replace what stands between the two marks of a page.

    Raises:
        ValueError: When the page has no marks.
    """
    text = page.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} has no {BEGIN} and {END}; add them where the figures belong.")
    before, rest = text.split(BEGIN, 1)
    page.write_text(f"{before}{BEGIN}\n{figures}{END}{rest.split(END, 1)[1]}")


def _heading(rows: list[Row]) -> str:
    first = rows[0]
    versions = {name: v for row in rows for name, v in row.versions.items()}
    state = (
        "The machine was idle before the run."
        if first.idle
        else "**The machine was busy with other work: these figures are provisional.** Ratios of "
        "arms that took turns still say something, seconds do not."
    )
    loads = [row.load_after for row in rows]
    named = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return (
        f"Run of {first.run}, commit `{first.commit}`, {first.threads} threads on "
        f"{first.machine['processors']} processors ({first.machine['processor']}: "
        f"{', '.join(first.machine['flags'])}). Busy before: {first.busy_before:.0%}; load before "
        f"{first.load_before}, after each cell {min(loads)} to {max(loads)}. {state}\n\n{named}.\n"
    )


def _table(suite: str, rows: list[Row]) -> str:
    lines = [
        f"### {suite}\n",
        "| size | case | arm | median s | p95 | min | n | items/s | peak MB | A against A "
        "| peer's seconds over ours | goals |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows if not row.failure),
    ]
    failed = [f"- {row.size}: {row.arm} was not run: {row.failure}" for row in rows if row.failure]
    return "\n".join([*lines, *([""] if failed else []), *failed, ""])


def _line(row: Row) -> str:
    if row.seconds is None:
        raise ValueError("a row without figures has a failure")
    case = f"{row.case}, batch {row.batch}" if row.batch else row.case
    if row.precision:
        case += f", {row.precision}"
    cells = [
        row.size,
        case,
        row.arm,
        *(f"{value:.3g}" for value in (row.seconds.median, row.seconds.p95, row.seconds.min)),
        str(row.seconds.n),
        f"{row.per_second:.4g}",
        f"{row.facts['peak_mb']:.0f}" if "peak_mb" in row.facts else "",
        _interval(row.spread) if row.spread else "",
        _joined(f"{peer} {_interval(found)}" for peer, found in row.against.items()),
        _joined(_goal(goal) for goal in row.goals),
    ]
    return f"| {' | '.join(cells)} |"


def _interval(found: Ratio) -> str:
    return f"{found.ratio:.2f} ({found.low:.2f} to {found.high:.2f})"


def _goal(goal: Goal) -> str:
    span = f" ({goal.interval[0]:.2f} to {goal.interval[1]:.2f})" if goal.interval else ""
    sign = "at least" if goal.above else "at most"
    verdict = "met" if goal.met else "**missed**"
    return f"{goal.value:.3g}{span} {goal.name}, {sign} {goal.bound:g}: {verdict}"


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)
