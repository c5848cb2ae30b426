"""The closed sets of words: they fit their columns, and stages have an order."""

from enum import StrEnum

import pytest

from farm.core import words
from farm.core.words import BootState, Deadline, Health, Outcome, Phase, Stage, Verdict

SETS: list[type[StrEnum]] = [Verdict, Outcome, BootState, Health, Stage, Phase, Deadline]


def test_all_sets_are_looked_at() -> None:
    found = [item for item in vars(words).values() if isinstance(item, type) and issubclass(item, StrEnum)]
    assert set(found) - {StrEnum} == set(SETS)


@pytest.mark.parametrize("words_", SETS)
def test_words_fit_their_column_and_are_plain(words_: type[StrEnum]) -> None:
    assert all(1 <= len(word) <= 20 for word in words_)
    joined = "-" if words_ is Outcome else "_"
    assert all(word.value.replace(joined, "").isalpha() and word.value.islower() for word in words_)


def test_stages_are_ranked_in_boot_order() -> None:
    ranks = [stage.rank for stage in Stage]
    assert ranks == sorted(ranks)
    assert Stage.NOTHING.rank == 0
    assert Stage.DECOMPRESS.rank < Stage.BANNER.rank < Stage.USERSPACE.rank < Stage.DONE.rank
