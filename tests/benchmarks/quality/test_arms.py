"""What is planned, and in which order."""

from benchmarks.quality.arms import ARMS, BY_NAME, CATALOGS, plan, settings_of
from uniecs.training.config import preset


def test_every_run_is_planned_once_and_the_main_arms_come_first() -> None:
    runs = plan()

    assert len(set(runs)) == len(runs)
    first = runs[: sum(arm.kind == "main" for arm in ARMS) * len(CATALOGS)]
    assert {BY_NAME[run.arm].kind for run in first} == {"main"}
    assert {run.seed for run in first} == {0}
    for catalog, common in CATALOGS.items():
        for arm in ARMS:
            planned = [run.seed for run in runs if (run.catalog, run.arm) == (catalog, arm.name)]
            assert sorted(planned) == list(range(common.seeds.get(arm.kind, 0)))


def test_all_arms_of_a_catalog_are_trained_with_equal_steps_batches_and_precision() -> None:
    for catalog, common in CATALOGS.items():
        configs = [preset("small", settings_of(run)) for run in plan() if run.catalog == catalog]

        shared = {(c.run.epochs, c.run.batch_size, c.run.precision) for c in configs}
        assert shared == {(common.epochs, 64, "float32")}


def test_an_ablation_differs_from_ours_in_one_part() -> None:
    ours = preset("small", BY_NAME["ours"].settings).model_dump()
    for arm in ARMS:
        if arm.kind != "ablation":
            continue
        other = preset("small", arm.settings).model_dump()
        changed = [section for section in ours if ours[section] != other[section]]

        assert len(changed) == 1, arm.name
