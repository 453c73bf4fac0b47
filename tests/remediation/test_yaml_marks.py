"""YAML with a place for every value; what is refused is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.errors import ConfigError
from remediation.yaml_marks import MAX_BYTES, MAX_DEPTH, Mark, dotted, load


def test_every_value_knows_its_place() -> None:
    document = load("a:\n  b: 1\n  list:\n    - x\n    - {y: 2}\n", "f.yaml")
    assert document.data == {"a": {"b": 1, "list": ["x", {"y": 2}]}}
    assert document.marks == {
        (): Mark(1, 1),
        ("a",): Mark(1, 1),
        ("a", "b"): Mark(2, 3),
        ("a", "list"): Mark(3, 3),
        ("a", "list", 0): Mark(4, 7),
        ("a", "list", 1): Mark(5, 7),
        ("a", "list", 1, "y"): Mark(5, 8),
    }


def test_an_error_shows_the_line_and_points_at_the_column() -> None:
    error = load("a:\n  b: 1\n", "f.yaml").error(("a", "b"), "is wrong")
    assert str(error) == "f.yaml:2:3 a.b: is wrong\n      b: 1\n      ^"


def test_an_error_about_what_is_missing_points_at_the_nearest_parent() -> None:
    error = load("a:\n  b: 1\n", "f.yaml").error(("a", "c", "d"), "is missing")
    assert (error.line, error.column, error.path) == (1, 1, "a.c.d")


def test_a_line_that_would_fill_the_terminal_is_not_shown() -> None:
    error = load(f"a: {'x' * 5000}\n", "f.yaml").error(("a",), "is wrong")
    assert str(error) == "f.yaml:1:1 a: is wrong"


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    document = load(text, "f.yaml")
    assert document.data == {}
    assert str(document.error(("a",), "is missing")).startswith("f.yaml:1:1 a: is missing")


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 3, 1, "`a` is there twice", id="duplicate key"),
        pytest.param("a: {b: 1, b: 2}\n", 1, 11, "`b` is there twice", id="duplicate key in flow"),
        pytest.param("a: &x 1\nb: *x\n", 2, 4, "aliases (*name) are not taken: write the value out", id="alias"),
        pytest.param("a: &x [*x]\n", 1, 8, "aliases (*name) are not taken", id="alias to itself"),
        pytest.param("a: &x {}\nb:\n  <<: *x\n", 3, 7, "aliases (*name) are not taken", id="merge key"),
        pytest.param("a: [\n", 2, 1, "not YAML: ", id="unfinished"),
        pytest.param("a: 1\n\tb: 2\n", 2, 1, "not YAML: ", id="a tab"),
        pytest.param("a: b: c\n", 1, 5, "not YAML: mapping values are not allowed here", id="two colons"),
        pytest.param("a: 1\n---\nb: 2\n", 2, 1, "not YAML: ", id="two documents"),
        pytest.param(
            "a: 1\nb: x\x07y\n", 2, 5, "not YAML: the character 0x07 cannot stand here", id="control character"
        ),
        pytest.param("a: !!python/object:os.system {}\n", 1, 4, "", id="object of Python"),
        pytest.param("a: !!python/name:os.system x\n", 1, 4, "not YAML: could not determine a constructor", id="name"),
        pytest.param("a: !!int x\n", 1, 4, "'x' cannot be read: put it in quotes", id="no number"),
        pytest.param("a: !!int ''\n", 1, 4, "'' cannot be read: put it in quotes", id="empty number"),
        pytest.param("a: !!bool maybe\n", 1, 4, "'maybe' cannot be read: put it in quotes", id="no truth value"),
        pytest.param("a: !!timestamp then\n", 1, 4, "'then' cannot be read: put it in quotes", id="no time"),
        pytest.param("a: 2026-13-01\n", 1, 4, "'2026-13-01' cannot be read: put it in quotes", id="no date"),
        pytest.param("a: 1\n? [b]\n: 2\n", 1, 1, "a key is plain text", id="key that is a list"),
        pytest.param(f"a: {'[' * 25}{']' * 25}\n", 1, 24, f"nested deeper than {MAX_DEPTH} levels", id="depth"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, column: int, message: str) -> None:
    if not message:
        assert load(text, "f.yaml").data == {"a": {}}  # the tag of a mapping is not obeyed
        return
    with pytest.raises(ConfigError) as wrong:
        load(text, "f.yaml")
    error = wrong.value
    assert (error.file, error.line, error.column) == ("f.yaml", line, column)
    assert error.message.startswith(message)


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "{b: " * 3000, "- " * 5000])
def test_endless_nesting_is_refused_and_no_stack_overflows(text: str) -> None:
    with pytest.raises(ConfigError, match="nested deeper than"):
        load(text + "1" + ("]" * 5000 if "[" in text else "}" * 3000 if "{" in text else ""), "f.yaml")


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ConfigError, match=r"f\.yaml larger than 256 KiB"):
        load("#" * (MAX_BYTES + 1), "f.yaml")
    assert load("#" * MAX_BYTES, "f.yaml").data == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("rules",), "rules"), (("rules", 0, "when"), "rules[0].when"), (("to", 1, 2), "to[1][2]")],
)
def test_a_path_is_written_as_one_reads_it(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text


YAML_LIKE = st.text(alphabet="ab:-[]{}&*!?|>'\"#%@`,0123456789._=~<\n\t $", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | YAML_LIKE)
def test_loading_is_total(text: str) -> None:
    try:
        document = load(text, "f.yaml")
    except ConfigError as error:
        assert str(error).startswith("f.yaml")  # every other exception fails the test
    else:
        assert () in document.marks or document.data == {}
