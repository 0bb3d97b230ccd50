"""How checks add up."""

from monitoring.verdict import Check, State, judge


def check(name: str, state: State, *, optional: bool = False) -> Check:
    known = state != "insufficient_data"
    value, threshold = (0.5, 0.1) if known else (None, None)
    return Check(name, "catalog", value, threshold, 10, state, "", optional)


def test_one_drifted_check_decides_and_is_the_reason() -> None:
    verdict = judge(
        [check("a", "healthy"), check("b", "drifted"), check("c", "insufficient_data")],
        simulated=False,
    )

    assert verdict.model_dump() == {
        "verdict": "drifted",
        "reasons": [{"check": "b", "value": 0.5, "threshold": 0.1, "n": 10}],
        "samples": {"a": 10, "b": 10, "c": 10},
        "simulated": False,
    }


def test_missing_data_is_never_healthy() -> None:
    lacking = judge([check("a", "healthy"), check("b", "insufficient_data")], simulated=True)

    assert lacking.verdict == "insufficient_data"
    assert [reason.check for reason in lacking.reasons] == ["b"]
    assert judge([], simulated=False).verdict == "insufficient_data"


def test_an_optional_check_withholds_nothing() -> None:
    checks = [check("a", "healthy"), check("b", "insufficient_data", optional=True)]

    assert judge(checks, simulated=False).verdict == "healthy"
