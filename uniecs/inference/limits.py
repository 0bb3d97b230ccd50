"""What one request may ask of an encoder; whoever asks for more is told which limit it met."""

from pydantic import BaseModel, ConfigDict, Field

from uniecs.inference.items import Item, ItemError


class RequestLimits(BaseModel):
    """Caps of one encoding request.

    Example:
        >>> RequestLimits(max_text_chars=3).refusal(Item(id="1", text="shoe")).code
        'text_too_long'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_items: int = Field(default=64, ge=1, description="Items of one request.")
    max_text_chars: int = Field(default=2_000, ge=1, description="Characters of one text.")
    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Encoded bytes of one picture, before base64."
    )
    max_id_chars: int = Field(default=256, ge=1, description="Characters of one item id.")
    max_body_bytes: int = Field(
        default=16_000_000,
        ge=1,
        description="Bytes of one request body: room for the largest picture in base64.",
    )

    def refusal(self, item: Item) -> ItemError | None:
        """Why ``item`` may not be encoded, or None; nothing is decoded to find out."""
        if len(item.text) > self.max_text_chars:
            return ItemError(
                "text_too_long",
                f"The text has {len(item.text)} characters, the limit is max_text_chars = "
                f"{self.max_text_chars}; send a shorter text.",
            )
        if isinstance(item.image, bytes) and len(item.image) > self.max_image_bytes:
            return self.image_refusal(len(item.image))
        if not item.presence:
            return ItemError("empty", "The item has neither text nor image; send at least one.")
        return None

    def image_refusal(self, size: int) -> ItemError:
        """Refusal of a picture of ``size`` encoded bytes."""
        return ItemError(
            "too_many_bytes",
            f"The picture has {size} bytes, the limit is max_image_bytes = "
            f"{self.max_image_bytes}; send a smaller one.",
        )
