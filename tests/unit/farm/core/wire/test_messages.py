"""What travels over REST: typos are errors, round trips lose nothing, examples are true."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from farm.core import wire
from farm.core.settings import Settings
from farm.core.wire import (
    BootOut,
    BootQuery,
    ClaimRequest,
    Details,
    DeviceOffer,
    Hello,
    JobIn,
    PhaseEvent,
    Problem,
    Report,
)
from farm.core.words import Deadline, Phase, Stage, Verdict

IMAGE = "0" * 64
MESSAGES: list[type[BaseModel]] = [getattr(wire, name) for name in wire.__all__]


def job(**fields: Any) -> JobIn:
    return JobIn.model_validate({"image": IMAGE, "environments": ["box"], **fields})


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_is_described_and_strict(message: type[BaseModel]) -> None:
    assert message.model_json_schema()["title"] == message.__name__
    if message is not Problem:
        assert message.model_config["extra"] == "forbid"
        assert message.model_config["frozen"] is True


@pytest.mark.parametrize("message", [message for message in MESSAGES if message.model_json_schema().get("examples")])
def test_examples_can_be_read(message: type[BaseModel]) -> None:
    for example in message.model_json_schema()["examples"]:
        assert message.model_validate_json(json.dumps(example)).model_dump(mode="json", exclude_unset=True) == example


def test_a_job_has_defaults_for_all_but_its_image_and_environment() -> None:
    one = job()
    assert (one.appends, one.repeat, one.priority, one.force) == ([""], 1, 50, False)
    assert (one.initrd, one.symbols, one.pattern) == (None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"image": IMAGE.replace("0", "A")},
        {"image": IMAGE + "0"},
        {"image": IMAGE + "\n"},
        {"symbols": "System.map"},
        {"environments": ["box\n"]},
        {"environments": ["b" * 101]},
        {"environments": ["box"] * 101},
        {"tags": ["-x"]},
        {"device": "a b"},
        {"checks": ["a,b"]},
        {"appends": []},
        {"appends": ["caf\xe9"]},
        {"appends": ["a\tb"]},
        {"commit": "abcg"},
        {"repeat": 101},
        {"priority": -1},
        {"deadlines": {"total": 86401}},
        {"deadlines": {"total": float("nan")}},
        {"pattern": "x" * 501},
        {"filename": "a\x7f"},
        {"tree": "a\nb"},
        {"typo": 1},
    ],
)
def test_a_job_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        job(**change)


def test_blanks_around_a_command_line_mean_nothing() -> None:
    assert job(appends=["  mem=12M "]).appends == ["mem=12M"]


def test_names_of_people_and_trees_may_be_in_any_script() -> None:
    assert job(submitter="Jörg 山田", tree="Linux-дерево").submitter == "Jörg 山田"


@given(
    append=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200),
    priority=st.integers(0, 100),
    deadlines=st.dictionaries(st.sampled_from(Deadline), st.floats(0.001, 86400)),
)
def test_a_job_survives_the_journey(append: str, priority: int, deadlines: dict[Deadline, float]) -> None:
    one = job(appends=[append], priority=priority, deadlines=deadlines)
    assert JobIn.model_validate_json(one.model_dump_json()) == one


@given(st.text(max_size=50))
def test_a_report_takes_whatever_a_console_said(said: str) -> None:
    report = Report(verdict=Verdict.FAIL, reason=said, stage=Stage.INIT, title=said * 100, function=said * 100)
    assert "\0" not in report.reason
    assert report.reason == said.replace("\0", "\ufffd")
    assert report.title is not None
    assert report.function is not None
    assert len(report.title) <= 1000
    assert len(report.function) <= 200


REPORT = {"verdict": Verdict.FAIL, "reason": "", "stage": Stage.INIT}
SEEN = {"title": "t", "type": "oops", "severity": "oops"}
LINE = {"line": 1, "offset": 0, "text": "x"}


@pytest.mark.parametrize(
    ("name", "item", "most"),
    [
        ("evidence", LINE, 50),
        ("warnings", "x", 50),
        ("reports", SEEN, 50),
        ("frames", "f+0x1/0x2", 20),
        ("alternates", "oops in f", 20),
    ],
)
def test_a_report_with_a_list_that_is_too_long_is_refused(name: str, item: object, most: int) -> None:
    assert len(getattr(Report.model_validate({**REPORT, name: [item] * most}), name)) == most
    with pytest.raises(ValidationError, match=name):
        Report.model_validate({**REPORT, name: [item] * (most + 1)})


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "exploded"},
        {"stage": "kernel"},
        {"paravirt": {f"fact{number}": "x" for number in range(31)}},
        {"paravirt": {"no name": "x"}},
        {"stage_times": {"kernel": 1.0}},
        {"stage_times": {"banner": -1.0}},
        {"stage_times": {"banner": float("nan")}},
        {"reports": [{**SEEN, "colour": "red"}]},
        {"corrupted": "perhaps"},
    ],
)
def test_a_reading_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate({**REPORT, **change})


@given(st.text(max_size=50))
def test_a_reading_takes_whatever_a_console_said(said: str) -> None:
    long = said * 100
    seen = {**SEEN, "title": long, "function": long, "evidence": {**LINE, "text": long}}
    more = {"frames": [long], "alternates": [long], "culprit": long, "paravirt": {"platform": long}, "warnings": [long]}
    report = Report.model_validate({**REPORT, **more, "reports": [seen]})
    fitting = long.replace("\0", "\ufffd")[:1000]
    assert report.frames == report.alternates == report.warnings == [report.culprit] == [fitting]
    assert report.paravirt == {"platform": fitting}
    (kept,) = report.reports
    assert (kept.title, kept.function) == (fitting, fitting[:200])
    assert kept.evidence is not None
    assert kept.evidence.text == fitting


def test_every_detail_that_is_filed_is_told() -> None:
    assert set(Details.model_fields) <= set(BootOut.model_fields)


def test_a_phase_has_a_time_with_a_zone() -> None:
    PhaseEvent(phase=Phase.KERNEL, at=datetime.now(UTC))
    with pytest.raises(ValidationError, match="timezone"):
        PhaseEvent(phase=Phase.KERNEL, at=datetime(2026, 11, 24))  # noqa: DTZ001  (that is the point)


def test_a_device_offers_deadlines_that_can_be() -> None:
    fields = {"name": "a", "type": "box", "arch": "i386", "environments": ["box"], "tags": []}
    assert DeviceOffer.model_validate({**fields, "deadlines": {"total": 5}}).deadlines == {Deadline.TOTAL: 5}
    for seconds in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValidationError):
            DeviceOffer.model_validate({**fields, "deadlines": {"total": seconds}})


def test_a_worker_says_who_it_is() -> None:
    for worker in ("", "x" * 201, "a\0b"):
        with pytest.raises(ValidationError):
            Hello(worker=worker, devices=[])
        with pytest.raises(ValidationError):
            ClaimRequest(worker=worker, free=[])


@pytest.mark.parametrize("number", [-1, 1 << 31, 10**30])
def test_a_number_that_no_database_holds(number: int) -> None:
    for field in ("job", "build", "before"):
        with pytest.raises(ValidationError):
            BootQuery.model_validate({field: number})


def test_every_deadline_of_a_job_is_one_of_the_settings() -> None:
    assert set(job(deadlines=Settings().deadlines()).deadlines) == set(Deadline)
