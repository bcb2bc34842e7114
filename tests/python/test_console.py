"""Words and ends of a command line: nothing printed acts, every end is a code and one line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import console
from console import harmless


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_nothing_printed_acts_and_any_of_it_can_be_written(text: str) -> None:
    said = harmless(text)
    assert all(sign == "\n" or ord(sign) >= 32 for sign in said)
    assert not any(0x7F <= ord(sign) < 0xA0 for sign in said)
    said.encode()


@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_harmless_json_means_the_same(value: object) -> None:
    assert json.loads(harmless(json.dumps(value, ensure_ascii=False))) == value


def test_ordinary_words_stay_as_they_are() -> None:
    text = "Côte d’Ivoire, £5 × 3 − 2 %, 日本,\nnaïve {x} {{ y }} %s"
    assert harmless(text) == text


class OwnError(Exception):
    pass


def test_a_failure_is_one_line_and_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OwnError("no file\x1b[31m\nat all")

    assert console.run("thing", fail, OwnError) == console.FAILED
    assert capsys.readouterr().err == "thing: no file\\u001b[31m at all\n"


def test_a_fault_of_ours_is_not_hidden() -> None:
    def fail() -> int:
        raise OwnError

    with pytest.raises(OwnError):
        console.run("thing", fail, KeyError)
