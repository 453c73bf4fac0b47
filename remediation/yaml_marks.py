"""YAML with a place for every value: duplicate keys refused, size and depth bounded, aliases not taken."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from remediation.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
_LONGEST_SHOWN = 200  # a longer line is not shown along with an error: it would fill the terminal
Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in the file, both counted from 1."""

    line: int
    column: int


class Document(NamedTuple):
    """The values, and where each of them stands."""

    data: Any
    marks: dict[Path, Mark]
    text: str
    file: str

    def error(self, path: Path, message: str) -> ConfigError:
        """A ConfigError that points at `path`, or at the nearest parent that stands in the file."""
        nearest = path
        while nearest and nearest not in self.marks:
            nearest = nearest[:-1]
        mark = self.marks.get(nearest, Mark(1, 1))
        return _at(self.text, self.file, mark, message, dotted(path))


def dotted(path: Path) -> str:
    """`("rules", 0, "when")` → `rules[0].when`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def load(text: str, file: str) -> Document:
    """Parse one YAML document.

    Raises:
        ConfigError: not YAML, too large, too deep, an alias, or a key that is there twice.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES // 1024} KiB", file)
    try:
        loader = yaml.SafeLoader(text)
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken):
                message = "aliases (*name) are not taken: write the value out"
                raise _at(text, file, _mark(token.start_mark), message)
        node = loader.get_single_node()
        marks: dict[Path, Mark] = {}
        document = Document({}, marks, text, file)
        if node is None:
            return document
        return document._replace(data=_build(loader, node, (), marks, document))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _at(text, file, _mark(mark) if mark else Mark(1, 1), f"not YAML: {error.problem or error}") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Mark(before.count("\n") + 1, error.position - before.rfind("\n"))
        message = f"not YAML: the character {error.character:#04x} cannot stand here"
        raise ConfigError(message, file, *place) from None
    except RecursionError:
        raise ConfigError(f"nested deeper than {MAX_DEPTH} levels", file) from None


def _at(text: str, file: str, mark: Mark, message: str, path: str = "") -> ConfigError:
    lines = text.splitlines()
    source = lines[mark.line - 1] if mark.line <= len(lines) else ""
    return ConfigError(message, file, mark.line, mark.column, path, source if len(source) <= _LONGEST_SHOWN else "")


def _mark(mark: yaml.Mark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


def _build(loader: yaml.SafeLoader, node: yaml.Node, path: Path, marks: dict[Path, Mark], document: Document) -> Any:
    marks[path] = _mark(node.start_mark)
    if len(path) > MAX_DEPTH:
        raise document.error(path, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, index), marks, document) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        try:
            return loader.construct_object(node)
        except (ValueError, LookupError, AttributeError):  # as for !!int x, or 2026-13-01, which looks like a date
            raise document.error(path, f"{node.value!r} cannot be read: put it in quotes") from None
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise document.error(path, "a key is plain text")
        key = str(key_node.value)
        here = (*path, key)
        if key in built:
            marks[here] = _mark(key_node.start_mark)
            raise document.error(here, f"`{key}` is there twice")
        built[key] = _build(loader, value_node, here, marks, document)
        # An error about a key points at the key, where the eye looks for it.
        marks[here] = _mark(key_node.start_mark)
    return built
