"""Deliberate defects: how a row, or a picture file, is damaged for validation to catch."""

from typing import Any


def damage_row(row: dict[str, Any], defect: str | None) -> dict[str, Any]:
    """The row with its defect; rows whose defect is in a picture or an id stay as they are."""
    if defect == "negative_price":
        return row | {"price": -row["price"]}
    if defect == "malformed_attributes":
        return row | {"attributes": row["attributes"][: len(row["attributes"]) // 2]}
    if defect == "nothing_to_show":
        return row | {"title": "", "description": "", "image_paths": []}
    return row


def damage_picture(data: bytes, defect: str | None) -> bytes:
    """The bytes of a picture file with the listing's defect."""
    if defect == "truncated_picture":
        return data[: len(data) // 3]
    if defect == "text_as_picture":
        return f"The photographer forgot this one ({len(data)} bytes).\n".encode()
    return data
