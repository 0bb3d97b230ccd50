"""The model card of a registered version: what training said, and the evaluation's figures."""

from pathlib import Path

EVALUATION = "card.md"
"""The evaluation's part of the card, in a report folder."""

MARK = "<!-- evaluation -->"
"""What follows it is the evaluation's; another report replaces it."""


def write_version_card(model_folder: Path, report_folder: Path, folder: Path) -> bool:
    """Write the card of a version into ``folder``.

    Returns:
        Whether there is one: a report without ``card.md`` leaves the model's card as it is.
    """
    from uniecs.encoder.folder import CARD, write_card

    evaluation = report_folder / EVALUATION
    if not evaluation.is_file():
        return False
    card = model_folder / CARD
    trained = card.read_text(encoding="utf-8") if card.is_file() else ""
    write_card(folder, with_evaluation(trained, evaluation.read_text(encoding="utf-8")))
    return True


def with_evaluation(card: str, evaluation: str) -> str:
    """A card with its evaluation, which takes the place of an earlier one.

    Example:
        >>> with_evaluation("# Model", "R@10 62.0").splitlines()
        ['# Model', '', '<!-- evaluation -->', 'R@10 62.0']
    """
    trained = card.partition(MARK)[0].rstrip()
    return f"{trained}\n\n{MARK}\n{evaluation.strip()}\n"
