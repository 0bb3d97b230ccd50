"""The figures as Markdown: main arms, goals, parts left out, what has not run."""

from benchmarks.quality.arms import ARMS, BY_NAME, CATALOGS, Run, plan
from benchmarks.quality.figures import Results, Spread
from benchmarks.quality.running import finished
from uniecs.catalog.presence import TASKS, task_name

LIFT = 0.28
"""How much (c) should be above (a) on T->I, as the paper says of itself; fewer misses where (a) is
above ALREADY_HIGH."""

ALREADY_HIGH = 0.70
ALPHA = 0.05
UNIMODAL_LOSS = 0.02


def page(results: Results) -> str:
    """All tables of the runs that are there."""
    parts = []
    for catalog in CATALOGS:
        parts += [_main(results, catalog), _goals(results, catalog), _ablations(results, catalog)]
    return "\n".join([*parts, _missing(results)])


def _say(spread: Spread | None) -> str:
    return "not run" if spread is None else str(spread)


def _main(results: Results, catalog: str) -> str:
    seeds = CATALOGS[catalog].seeds
    arms = [arm for arm in ARMS if arm.kind != "ablation" and seeds.get(arm.kind)]
    names = [task_name(*task) for task in TASKS]
    lines = [
        f"### {catalog}: R@10, test queries, the whole catalog as pool\n",
        f"| arm | macro | {' | '.join(names)} | steps | minutes | waited |",
        "|---|" + "---|" * (len(names) + 4),
    ]
    for arm in arms:
        tasks = [results.task(catalog, arm.name, name) for name in names]
        cells = ["-" if t is None else f"{t.mean:.3f}".removeprefix("0") for t in tasks]
        macro = "-" if arm.kind == "alone" else _say(results.macro(catalog, arm.name))
        lines.append(
            f"| {arm.title} | {macro} | {' | '.join(cells)} | {_cost(results, catalog, arm.name)} |"
        )
    return "\n".join([*lines, ""])


def _cost(results: Results, catalog: str, arm: str) -> str:
    seeds = results.seeds(catalog, arm)
    if not seeds:
        return "- | - | -"
    notes = [results.of(Run(catalog, arm, seed)) for seed in seeds]
    minutes = sum(float(str(n["training_seconds"])) for n in notes) / len(notes) / 60
    waited = sum(float(n["waited_for_batches"]) for n in notes) / len(notes)
    return f"{notes[0]['steps']} | {minutes:.1f} | {waited:.1%}"


def _goals(results: Results, catalog: str) -> str:
    lines = ["| goal | figures | met |", "|---|---|---|"]
    lines += [_lift(results, catalog), *_first(results, catalog), *_alone(results, catalog)]
    return "\n".join([*lines, ""])


def _lift(results: Results, catalog: str) -> str:
    goal = f"T->I: (c) {LIFT:.0%} above (a), or {LIFT:.0%} fewer misses where (a) is above .70"
    a, c = (results.task(catalog, arm, "T->I") for arm in ("towers", "ours"))
    if a is None or c is None:
        return f"| {goal} | not run | - |"
    above, fewer = c.mean / max(a.mean, 1e-9) - 1, 1 - (1 - c.mean) / max(1 - a.mean, 1e-9)
    met = fewer >= LIFT if a.mean > ALREADY_HIGH else above >= LIFT
    figures = f"(a) {a}, (c) {c}: {above:+.0%} relative, {fewer:+.0%} fewer misses"
    return f"| {goal} | {figures} | {_met(met)} |"


def _first(results: Results, catalog: str) -> list[str]:
    lines = []
    for other in ("towers", "released"):
        letter = BY_NAME[other].title.split()[0]
        goal = f"macro: (c) above {letter}, p < .05"
        theirs, ours = results.macro(catalog, other), results.macro(catalog, "ours")
        p = results.p_value(catalog, "ours", other)
        if theirs is None or ours is None or p is None:
            lines.append(f"| {goal} | not run | - |")
            continue
        met = ours.mean > theirs.mean and p < ALPHA
        lines.append(
            f"| {goal} | {ours.mean:.3f} against {theirs.mean:.3f}, p = {p:.4f} | {_met(met)} |"
        )
    return lines


def _alone(results: Results, catalog: str) -> list[str]:
    """A modality alone, and what is left when the other goes missing: one figure, two goals.

    With every picture gone, what (c) has left are its text views, and those are what the model
    trained on texts alone has.
    """
    lines = []
    for arm, task, gone in (("texts-only", "T->T", "images"), ("pictures-only", "I->I", "texts")):
        alone, ours = results.task(catalog, arm, task), results.task(catalog, "ours", task)
        for goal, tolerance in (
            (f"{task}: (c) within 2 points of {BY_NAME[arm].title}", UNIMODAL_LOSS),
            (f"100 % missing {gone}: (c) no lower than {BY_NAME[arm].title}", 0.0),
        ):
            if alone is None or ours is None:
                lines.append(f"| {goal} | not run | - |")
                continue
            met = ours.mean >= alone.mean - tolerance
            lines.append(f"| {goal} | {ours.mean:.3f} against {alone.mean:.3f} | {_met(met)} |")
    return lines


def _met(met: bool) -> str:
    return "yes" if met else "**missed**"


def _ablations(results: Results, catalog: str) -> str:
    types = ("attribute", "composed", "other_view") if CATALOGS[catalog].queries else ()
    lines = [
        f"### {catalog}: what each part adds\n",
        "| arm | macro R@10 | less than ours | p | T->I |"
        + "".join(f" {kind} nDCG@10 |" for kind in types),
        "|---|---|---|---|---|" + "---|" * len(types),
    ]
    for arm in (BY_NAME["ours"], *(arm for arm in ARMS if arm.kind == "ablation")):
        macro = results.macro(catalog, arm.name)
        less = p = None
        if arm.name != "ours":
            less = results.lead(catalog, "ours", arm.name)
            p = results.p_value(catalog, "ours", arm.name)
        cells = [_say(macro), "-" if less is None else f"{less:+.3f}"]
        cells.append("-" if p is None else f"{p:.4f}")
        cells.append(_say(results.task(catalog, arm.name, "T->I")))
        cells += [_say(results.query_type(catalog, arm.name, k, "encoder")) for k in types]
        lines.append(f"| {arm.title} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _missing(results: Results) -> str:
    left = [run for run in plan() if not finished(results.out, run)]
    done, codes = len(plan()) - len(left), len(results.codes())
    made = "one state" if codes == 1 else f"{codes} states"
    said = f"{done} of {len(plan())} planned runs have finished, by {made} of the training code"
    said += f" ({', '.join(sorted(results.devices()))})." if done else "."
    if left:
        said += f" Not run: {', '.join(f'{r.catalog}/{r.arm}/{r.seed}' for r in left)}."
    return f"{said}\n"
