"""The page of a search."""

from tests.uniecs.training.tuning.conftest import made
from uniecs.training.tuning.page import render_page
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.report import SearchReport
from uniecs.training.tuning.study import Trial


def test_the_page_shows_every_trial_and_needs_no_network(plan: SearchPlan) -> None:
    trials = [
        made(0, 0.4, **{"optimizer.lr": 1e-3, "loss.weighting": "uncertainty"}),
        Trial(
            number=1,
            state="pruned",
            settings={"optimizer.lr": 2e-3, "loss.weighting": "fixed"},
            validations={4: 0.1},
            note="below <the> median",
        ),
        made(2, 0.5, **{"optimizer.lr": 3e-3, "loss.weighting": "fixed"}),
    ]
    report = SearchReport(
        catalog="shop",
        plan=plan,
        trials=trials,
        best=[2, 0],
        importance={"optimizer.lr": 0.8, "loss.weighting": 0.2},
        command="uniecs train shop --out 'a & b'",
    )

    page = render_page(report)

    assert "http" not in page
    assert "src=" not in page
    assert page.count('class="dot best"') == 1 + 1 + 2  # legend, order, two settings
    assert page.count("<title>trial 1, pruned, macro R@10 0.100") == 1 + 2 + 2
    assert "below &lt;the&gt; median" in page
    assert "a &amp; b" in page
    assert "gain +10.0 points" in page


def test_a_page_of_no_trials_says_so(plan: SearchPlan) -> None:
    report = SearchReport(catalog="shop", plan=plan, trials=[], best=[], importance={}, command="")

    assert "0 finished" in render_page(report)
