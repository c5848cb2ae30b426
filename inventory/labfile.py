"""From lab.yaml to a `Lab`, or to a list of problems each with its file, line and column. Knows YAML, no driver.

YAML 1.2 by ruamel.yaml: a MAC address of decimal digits is no base-60 number there, and `on` is a string.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from farm.core.errors import SetupError
from inventory.lab import Lab

Loc = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a lab file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    where: str  # path in the file, e.g. devices[0].power.memory; "" for the file as a whole
    message: str

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{self.message}"


class LabFileError(SetupError):
    """The lab file cannot be used; `problems` in the order of the file, at least one."""

    title = "The lab file cannot be used"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


def load_lab(path: Path) -> Lab:
    """The lab described by a file; LabFileError if there is none or something in it is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LabFileError([Problem(str(path), 1, 1, "", f"this is no UTF-8 text: {error.reason}")]) from error
    except OSError as error:
        sentence = f"cannot be read: {error.strerror}; deploy/lab.example.yaml is a file to start from"
        raise LabFileError([Problem(str(path), 1, 1, "", sentence)]) from error
    return parse_lab(text, str(path))


def parse_lab(text: str, file: str = "lab.yaml") -> Lab:
    """As `load_lab`, from text; `file` is the name that problems carry."""
    root, data = _read_yaml(text, file)
    try:
        return Lab.model_validate(data)
    except ValidationError as error:
        schema = json_schema()
        problems = [problem for each in error.errors() for problem in _problems(each, root, schema, file)]
        raise LabFileError(
            sorted(set(problems), key=lambda each: (each.line, each.column, each.where, each.message))
        ) from error


def json_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a lab file, for editors."""
    schema = Lab.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "kernel-farm lab file"}


def _read_yaml(text: str, file: str) -> tuple[Node, Any]:
    """The node tree, for its marks, and the plain values."""
    try:
        root = YAML(typ="safe", pure=True).compose(StringIO(text))
        data = YAML(typ="safe", pure=True).load(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        sentence = " ".join(filter(None, (error.context, error.problem)))
        raise LabFileError([Problem(file, line, column, "", f"not valid YAML: {sentence}")]) from error
    except YAMLError as error:  # a control character, which has a position of its own kind
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise LabFileError([Problem(file, line, 1, "", f"not valid YAML: {error}")]) from error
    if not isinstance(root, MappingNode):
        sentence = "a lab file is a mapping with `lab`, `types` and `devices`; deploy/lab.example.yaml is one"
        raise LabFileError([Problem(file, 1, 1, "", sentence)])
    return root, data


def _problems(error: ErrorDetails, root: Node, schema: dict[str, Any], file: str) -> Iterator[Problem]:
    if error["type"] == "lab_faults":
        for fault in error["ctx"]["faults"]:
            yield _problem(file, root, fault.loc, fault.message)
    else:
        loc, on_key = error["loc"], error["type"] in {"extra_forbidden", "invalid_key"}
        if loc and loc[-1] == "[key]":
            loc, on_key = loc[:-1], True
        yield _problem(file, root, loc, _sentence(error, schema), on_key=on_key)


def _problem(file: str, root: Node, loc: Loc, message: str, *, on_key: bool = False) -> Problem:
    place = _find(root, loc, on_key=on_key)
    return Problem(file, place.mark.line + 1, place.mark.column + 1, _path(place.steps), message)


@dataclass(frozen=True, slots=True)
class _Place:
    mark: Any  # ruamel's StringMark: line and column from 0
    steps: tuple[str | int, ...]  # the path without the kinds that pydantic puts into it


def _find(root: Node, loc: Loc, *, on_key: bool) -> _Place:
    """Where `loc` is in the file. What is not in the file is put at the innermost thing that is."""
    node, mark, steps = root, root.start_mark, list[str | int]()
    for at, step in enumerate(loc):
        if _is_kind(node, step):
            continue
        steps.append(step)
        entry = _child(node, step)
        if entry is None:
            break
        key, node = entry
        last = at == len(loc) - 1
        mark = key.start_mark if last and on_key else node.start_mark
    return _Place(mark, tuple(steps))


def _is_kind(node: Node, step: str | int) -> bool:
    """Whether a step of pydantic's path only says which member of a union was chosen."""
    kind = _child(node, "kind")
    return kind is not None and isinstance(kind[1], ScalarNode) and kind[1].value == step


def _child(node: Node, step: str | int) -> tuple[Node, Node] | None:
    """(key node, value node) below a node; for a list both are the item."""
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if not isinstance(node, MappingNode):
        return None
    merged = list[tuple[Node, Node]]()
    for key, value in node.value:
        if key.value == str(step):
            return key, value
        if key.value == "<<":
            merged += [(key, each) for each in (value.value if isinstance(value, SequenceNode) else [value])]
    return next((found for _, each in merged if (found := _child(each, step))), None)


def _path(steps: Loc) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _sentence(error: ErrorDetails, schema: dict[str, Any]) -> str:
    """A pydantic error in the words of somebody who edits the file."""
    loc, context = error["loc"], error.get("ctx", {})
    key = str(loc[-1]) if loc else ""
    match error["type"]:
        case "extra_forbidden":
            return f"there is no setting `{key}` here{_did_you_mean(key, _settings(schema, loc[:-1]))}"
        case "missing":
            return f"`{key}` is missing"
        case "union_tag_not_found":
            kinds = _kinds(_at(schema, schema, loc))
            return f"`kind` is missing; it is one of {', '.join(kinds)}"
        case "union_tag_invalid":
            kinds = re.findall(r"'([^']*)'", context["expected_tags"])
            return f"there is no kind `{context['tag']}` here{_did_you_mean(str(context['tag']), kinds)}"
        case "value_error":
            return str(context["error"])
    given = error["input"]
    shown = f"; found {given!r}" if isinstance(given, str | int | float | bool) or given is None else ""
    return error["msg"].replace("Input should", "this should").replace("String should", "this should") + shown


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    if close := difflib.get_close_matches(word, known, n=1):
        return f"; did you mean `{close[0]}`?"
    return f"; there is {', '.join(known)}" if known else ""


def _settings(schema: dict[str, Any], loc: Loc) -> list[str]:
    return list(_at(schema, schema, loc).get("properties", {}))


def _kinds(schema: dict[str, Any]) -> list[str]:
    return list(schema.get("discriminator", {}).get("mapping", {}))


def _at(root: dict[str, Any], schema: dict[str, Any], loc: Loc) -> dict[str, Any]:
    """The part of a JSON schema that describes a path; {} where the schema does not say."""
    if "$ref" in schema:
        return _at(root, root["$defs"][schema["$ref"].rpartition("/")[2]], loc)
    if not loc:
        return schema
    step, rest = loc[0], loc[1:]
    mapping = schema.get("discriminator", {}).get("mapping", {})
    if step in mapping:
        return _at(root, {"$ref": mapping[step]}, rest)
    if isinstance(step, int):
        return _at(root, schema.get("items", {}), rest)
    if step in schema.get("properties", {}):
        return _at(root, schema["properties"][step], rest)
    others = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties") or {}]
    return _at(root, others[0], rest)
