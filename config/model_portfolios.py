"""Models of models: slices that take their children from a named model, put in place before the tables
are validated; private to this room.

A model may be used by several slices and by other models. Where a symbol then comes more than once, the
top slices that share it are blended: they become one slice a symbol, with the weights added up, because
a share of stock cannot be told to belong to one of two slices.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeGuard

from config.places import Path
from config.problems import plain_number, quoted

Finding = tuple[Path, str, str]
HUNDRED = Decimal(100)
PLACES = Decimal("0.000000001")
DEEPEST = 8
_OWN = frozenset({"name", "weight_percent", "parent", "asset_class"})
"""What a blended slice has of its own, or has from its occurrences as long as they agree."""


class ModelsDoNotFit(Exception):
    """What is wrong with the models; each finding is a path, what was found, what to write instead."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings[0][1])
        self.findings = findings


@dataclass(slots=True, kw_only=True)
class _Node:
    """One slice of the whole tree: its keys without name, weight, parent and model."""

    name: str
    weight: Decimal
    keys: dict[str, Any]
    children: "list[_Node]" = field(default_factory=list)

    @property
    def what(self) -> object:
        """The symbol that it holds, or that it is cash."""
        return self.keys.get("symbol") or ("cash",)


def with_models(raw: Mapping[str, object]) -> Mapping[str, object]:
    """A raw document whose slices name no model any more. Raises `ModelsDoNotFit`.

    What is not shaped like slices and models is left alone: the tables refuse it with better words.
    """
    slices, models = raw.get("slices"), raw.get("models", [])
    if not _are_tables(slices) or not _are_tables(models):
        return raw
    if not any("model" in node for node in slices):
        return raw
    if not all(_are_tables(m.get("slices")) and _is_sound(m["slices"]) for m in models):
        return raw
    if not _is_sound(slices):
        return raw
    known = {str(m.get("name")): m["slices"] for m in models}
    if findings := [*_misfits(slices, known, ()), *_wrong_models(models, known)]:
        raise ModelsDoNotFit(findings)
    roots = _tree(slices, known, 0)
    return {**raw, "slices": [*_flat(_blended(roots))]}


def _are_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _is_sound(slices: list[dict[str, Any]]) -> bool:
    return all(
        isinstance(node.get("name"), str)
        and isinstance(node.get("parent", ""), str)
        and isinstance(node.get("model", ""), str)
        and isinstance(node.get("weight_percent"), int | Decimal)
        and not isinstance(node.get("weight_percent"), bool)
        for node in slices
    )


def _misfits(slices: list[dict[str, Any]], known: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    parents = {node.get("parent") for node in slices}
    for i, node in enumerate(slices):
        path: Path = (*at, "slices", i)
        model = node.get("model")
        if model is None:
            continue
        if model not in known:
            yield (
                (*path, "model"),
                f'there is no model called "{model}"',
                f"Write {quoted(sorted(known))}" if known else "Add [[models]] with that name",
            )
        if "symbol" in node or node.get("cash") or node["name"] in parents:
            yield (
                path,
                f'slice "{node["name"]}" has a model and something else to hold',
                "Keep the model, or the symbol, cash or slices under it",
            )


def _wrong_models(models: list[dict[str, Any]], known: Mapping[str, Any]) -> Iterator[Finding]:
    names = Counter(str(m.get("name")) for m in models)
    for i, model in enumerate(models):
        name = str(model.get("name"))
        if names[name] > 1:
            yield (
                ("models", i, "name"),
                f'two models are called "{name}"',
                "Give each a name of its own",
            )
        yield from _misfits(model["slices"], known, ("models", i))
        sums: dict[object, Decimal] = {}
        for node in model["slices"]:
            parent = node.get("parent")
            sums[parent] = sums.get(parent, Decimal(0)) + node["weight_percent"]
        inside = {node["name"] for node in model["slices"]}
        for parent, total in sums.items():
            where = "its top slices" if parent is None else f'the slices under "{parent}"'
            if parent is not None and parent not in inside:
                found, instead = f'it has no slice "{parent}"', "Name a slice of the same model"
                yield ("models", i, "slices"), found, instead
            elif total != HUNDRED:
                found = f'{where} of model "{name}" sum to {plain_number(total)} %'
                yield ("models", i, "slices"), found, "Write weights that sum to 100 %"
        if _uses(name, known, name, 0):
            yield ("models", i), f'model "{name}" uses itself', "Take it out of its own slices"


def _uses(name: str, known: Mapping[str, Any], wanted: str, depth: int) -> bool:
    inner = [node.get("model") for node in known.get(name, ())]
    return wanted in inner or (
        depth < DEEPEST
        and any(_uses(one, known, wanted, depth + 1) for one in inner if one in known)
    )


def _tree(slices: list[dict[str, Any]], known: Mapping[str, Any], depth: int) -> list[_Node]:
    """The top slices with all that is under them, models put in place."""
    nodes = {
        node["name"]: _Node(
            name=node["name"],
            weight=Decimal(node["weight_percent"]),
            keys={
                k: v
                for k, v in node.items()
                if k not in ("name", "weight_percent", "parent", "model")
            },
        )
        for node in slices
    }
    _check_parents(slices)
    roots: list[_Node] = []
    for node in slices:
        made, parent = nodes[node["name"]], node.get("parent")
        if "model" in node and depth < DEEPEST:
            made.children = _tree(known[node["model"]], known, depth + 1)
        (nodes[parent].children if parent in nodes else roots).append(made)
    return roots


def _check_parents(slices: list[dict[str, Any]]) -> None:
    """Names that come once, parents that are there, and no circle of them."""
    parents = {node["name"]: node.get("parent") for node in slices}
    for name, count in Counter(node["name"] for node in slices).items():
        if count > 1:
            found = f'two slices are called "{name}"'
            raise ModelsDoNotFit([(("slices",), found, "Give each slice a name of its own")])
    for name, parent in parents.items():
        at: str | None = name
        for _ in range(DEEPEST):
            at = None if at is None else parents.get(at)
        if at is not None or (parent is not None and parent not in parents):
            found = f'the parent of slice "{name}" is not there, or they go round in a circle'
            raise ModelsDoNotFit([(("slices",), found, "Name a slice that is nearer to the top")])


def _leaves(
    node: _Node, weight: Decimal, over: tuple[_Node, ...]
) -> Iterator[tuple[_Node, Decimal, tuple[_Node, ...]]]:
    """The leaves under a node with their percent of the portfolio and the groups above them."""
    part = weight * node.weight / HUNDRED
    if not node.children:
        yield node, part, over
    for child in node.children:
        yield from _leaves(child, part, (*over, node))


def _blended(roots: list[_Node]) -> list[_Node]:
    """The top slices, those that share a symbol replaced by one slice for each symbol."""
    held = {id(root): [leaf.what for leaf, _, _ in _leaves(root, HUNDRED, ())] for root in roots}
    times = Counter(what for whats in held.values() for what in whats)
    sharing = [root for root in roots if any(times[what] > 1 for what in held[id(root)])]
    if not sharing:
        return roots
    found: dict[object, _Node] = {}
    for root in sharing:
        for leaf, percent, over in _leaves(root, HUNDRED, ()):
            _add(found, leaf, percent, over)
    whole = sum((root.weight for root in sharing), Decimal(0))
    merged = list(found.values())
    for node in merged:
        node.weight = node.weight.quantize(PLACES)
    largest = max(merged, key=lambda node: node.weight)
    largest.weight += whole - sum((node.weight for node in merged), Decimal(0))
    return [*(root for root in roots if root not in sharing), *merged]


def _add(
    found: dict[object, _Node], leaf: _Node, percent: Decimal, over: tuple[_Node, ...]
) -> None:
    kinds = [n.keys["asset_class"] for n in (*over, leaf) if "asset_class" in n.keys]
    keys = {**leaf.keys, **({"asset_class": kinds[-1]} if kinds else {})}
    lost = [(n.name, key) for n in over for key in n.keys if key not in _OWN]
    if lost:
        name, key = lost[0]
        raise ModelsDoNotFit([_not_blended(name, key)])
    if leaf.what not in found:
        found[leaf.what] = _Node(name=leaf.name, weight=percent, keys=keys)
        return
    known = found[leaf.what]
    differing = sorted(
        key for key in known.keys.keys() | keys.keys() if known.keys.get(key) != keys.get(key)
    )
    if differing:
        raise ModelsDoNotFit([_not_blended(leaf.name, differing[0])])
    known.weight += percent
    if known.name != leaf.name:
        known.name = str(leaf.keys.get("symbol", "cash"))


def _not_blended(name: str, key: str) -> Finding:
    return (
        ("slices",),
        f'slice "{name}" has {key}, and what it holds is blended with slices that have not the same',
        f"Write the same {key} wherever that symbol comes, and none in the slices above it",
    )


def _flat(roots: list[_Node]) -> Iterator[dict[str, Any]]:
    """The slices as a document lists them, top slices first; a name that comes twice follows its
    parent's."""
    times: Counter[str] = Counter()
    todo = list(roots)
    while todo:
        node = todo.pop()
        times[node.name] += 1
        todo += node.children
    level: list[tuple[_Node, str | None]] = [(root, None) for root in roots]
    while level:
        below: list[tuple[_Node, str | None]] = []
        for node, parent in level:
            name = f"{parent} {node.name}" if times[node.name] > 1 and parent else node.name
            above = {} if parent is None else {"parent": parent}
            yield {"name": name, "weight_percent": node.weight, **above, **node.keys}
            below += [(child, name) for child in node.children]
        level = below
