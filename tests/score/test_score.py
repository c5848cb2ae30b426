"""The scorer itself: what it counts, and that it counts wrong answers as wrong."""

from typing import Any

import pytest

from jobs.outcome import Expectation
from tests.score import own, shared
from tests.score.answers import answer_of
from tests.score.consoles import Console, own_consoles


def console(name: str = "a", group: str = "g", **truth: Any) -> Console:
    return Console(name, group, b"x", Expectation(), None, truth)


def test_detection_counts_what_is_found_what_is_missed_and_what_is_made_up() -> None:
    score = own.Score()
    for wanted, given in [(True, True), (True, True), (True, False), (False, True), (False, False), (None, True)]:
        truth: dict[str, Any] = {} if wanted is None else {"report": wanted}
        score.add(console(**truth), {"report": given, "title": "t"})
    assert (score.all.found, score.all.missed, score.all.false, score.all.consoles) == (2, 1, 1, 6)
    assert score.all.precision == score.all.recall == pytest.approx(2 / 3)
    assert [(miss.measure, miss.wanted, miss.given) for miss in score.misses] == [
        ("report", True, False),
        ("report", False, "t"),
    ]


def test_a_measure_is_asked_where_truth_and_answer_have_it() -> None:
    score = own.Score()
    answer = {"outcome": "panic", "function": None, "verdict_type": "oops", "type": "page-fault", "report": True}
    score.add(console(outcome="panic", function="f", type="oops", stage="init", report=True), answer)
    score.add(console(group="h", outcome="hang", report_type="page-fault", report=True), answer)
    assert dict(score.all.asked) == {"outcome": 2, "function": 1, "type": 2}
    assert dict(score.all.right) == {"outcome": 1, "function": 0, "type": 2}
    assert score.all.rate("stage") is None
    assert score.groups["g"].rate("outcome") == 1
    assert score.groups["h"].rate("outcome") == 0
    assert {miss.measure for miss in score.misses} == {"outcome", "function"}
    assert score.as_json()["all"]["outcome"] == 0.5


def test_own_consoles_have_an_answer_to_everything_that_is_asked() -> None:
    score, consoles = own.Score(), own_consoles()
    for each in consoles:
        score.add(each, answer_of(each))
    assert score.all.consoles == len(consoles) > 100
    assert score.all.asked["verdict"] >= 124
    assert score.all.found > 50


@pytest.mark.skipif(shared.why_not() is not None, reason=f"shared corpus: {shared.why_not()}")
def test_the_shared_scorer_takes_our_answers() -> None:
    printed, figures = shared.score([("syzkaller/0", {"title": "BUG: unable to handle kernel paging request"})], "us")
    assert printed.startswith("us ")
    assert figures["ALL"]["tp"] == 1
    assert figures["ALL"]["n"] > 700
