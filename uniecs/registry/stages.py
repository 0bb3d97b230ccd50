"""The stages of a model version and the moves between them, as data.

none -> candidate -> staging -> canary -> production -> archived (design contract 6). Production is
left only when another version takes its place or a rollback restores the one before.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from uniecs.errors import RegistryError, UsageError

Stage = Literal["none", "candidate", "staging", "canary", "production", "archived"]

STAGES: tuple[Stage, ...] = get_args(Stage)
"""All stages, in the order in which a version passes them."""

MOVES: Mapping[Stage, tuple[Stage, ...]] = {
    "none": ("candidate", "archived"),
    "candidate": ("staging", "archived"),
    "staging": ("canary", "archived"),
    "canary": ("production", "archived"),
    "production": (),
    "archived": ("candidate",),
}
"""Stage -> where a promotion may take a version from there."""

GATED: frozenset[Stage] = frozenset(("staging", "canary", "production"))
"""Stages that are entered only with a passed gate report."""


def parse_stage(name: str) -> Stage:
    """The stage of that name.

    Raises:
        UsageError: When there is no such stage.
    """
    for stage in STAGES:
        if stage == name:
            return stage
    raise UsageError(f"There is no stage {name!r}; choose one of {', '.join(STAGES)}.")


def check_move(version: str, current: Stage, target: Stage) -> None:
    """Refuse a move that the table above does not have.

    Raises:
        RegistryError: With the moves that are possible instead.
    """
    if target in MOVES[current]:
        return
    if current == "production":
        advice = "promote another version to production, or roll back"
    else:
        advice = f"from there it can go to {' or '.join(MOVES[current])}"
    raise RegistryError(
        f"Version {version} is in stage {current} and cannot go to {target}: {advice}."
    )


def path_to(version: str, current: Stage, target: Stage) -> list[Stage]:
    """The stages that a version enters one after another to get from ``current`` to ``target``.

    Raises:
        RegistryError: When no sequence of moves leads there.

    Example:
        >>> path_to("m-1", "candidate", "production")
        ['staging', 'canary', 'production']
    """
    reached: dict[Stage, list[Stage]] = {current: []}
    frontier = [current]
    while frontier:
        stage = frontier.pop(0)
        for following in MOVES[stage]:
            if following not in reached:
                reached[following] = [*reached[stage], following]
                frontier.append(following)
    if target not in reached:
        check_move(version, current, target)
    return reached[target]
