"""YAML with a place for every value: duplicate keys refused, size and depth bounded, aliases not taken."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from remediation.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
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
        lines = self.text.splitlines()
        source = lines[mark.line - 1] if mark.line <= len(lines) else ""
        return ConfigError(message, self.file, mark.line, mark.column, dotted(path), source)


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
    loader = yaml.SafeLoader(text)
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
            raise ConfigError("aliases (*name) are not taken: write the value out", file)
        node = loader.get_single_node()
        marks: dict[Path, Mark] = {}
        document = Document({}, marks, text, file)
        if node is None:
            return document
        return document._replace(data=_build(loader, node, (), marks, document))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        lines = text.splitlines()
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        raise ConfigError(f"not YAML: {error.problem or error}", file, line, column, source=source) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"not YAML: {error}", file) from None
    finally:
        loader.dispose()


def _build(loader: yaml.SafeLoader, node: yaml.Node, path: Path, marks: dict[Path, Mark], document: Document) -> Any:
    marks[path] = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
    if len(path) > MAX_DEPTH:
        raise document.error(path, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, index), marks, document) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        here = (*path, key)
        if key in built:
            marks[here] = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            raise document.error(here, f"`{key}` is there twice")
        built[key] = _build(loader, value_node, here, marks, document)
        # An error about a key points at the key, where the eye looks for it.
        marks[here] = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    return built
