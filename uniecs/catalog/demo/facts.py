"""The truth about demo products: designs, their colour variants, the listings that sell them."""

from dataclasses import dataclass
from enum import StrEnum

from uniecs.catalog.demo.taxonomy import ProductType
from uniecs.catalog.demo.vocabulary import Brand, Colour, Rgb


@dataclass(frozen=True, slots=True)
class Design:
    """What all variants of a group share.

    Attributes:
        group_id: Group of the variants; its hash decides the split.
        split: train, val or test.
        type: Product type.
        brand: Maker.
        model: Name and number, e.g. ``Lorva 320``; only the text tells it.
        form: One of the type's forms.
        material: One of the type's materials.
        size: Only the text tells it.
        pattern: ``solid`` or another pattern.
        scale: Fineness of the pattern.
        plain_second: The second colour of the pattern is cream or charcoal, not the accent.
        emblem: Emblem in the accent colour, or None.
        accent: Family of the accent colour.
        accent_shade: Index of its shade.
        bands: Number of accent bands.
        marked: Whether the brand's mark is visible.
        price: Price of the first listing, USD.
    """

    group_id: str
    split: str
    type: ProductType
    brand: Brand
    model: str
    form: str
    material: str
    size: str
    pattern: str
    scale: float
    plain_second: bool
    emblem: str | None
    accent: Colour
    accent_shade: int
    bands: int
    marked: bool
    price: float


@dataclass(frozen=True, slots=True)
class Variant:
    """A design in one colour.

    Attributes:
        design: The design.
        colour: Family, which texts may name.
        shade: Index of the exact shade, which only pictures show.
    """

    design: Design
    colour: Colour
    shade: int

    @property
    def key(self) -> str:
        """Name of the variant, unique in the catalog."""
        return f"{self.design.group_id}-{self.colour.name}"

    @property
    def rgb(self) -> Rgb:
        """The exact colour of the body."""
        return self.colour.shades[self.shade][1]


class Presentation(StrEnum):
    """What a listing shows of its variant."""

    FULL = "full"
    NO_TEXT = "no text"
    NO_PICTURE = "no picture"
    LOST_PICTURE = "lost picture"


@dataclass(frozen=True, slots=True)
class Listing:
    """One catalog row: somebody sells a variant.

    Attributes:
        row: Number of the row in the file, from 0; names the pictures.
        product_id: Id of the row.
        variant: What is sold.
        number: 0 for the first listing of the variant, 1 for the second.
        seller: Who sells it.
        price: USD.
        views: Views of its pictures, in the order of ``image_paths``.
        copies_picture_of: product_id of the listing whose first picture this one reuses byte
            for byte, or None.
        presentation: Whether text or picture is missing.
        defect: Deliberate defect for validation to catch, or None.
    """

    row: int
    product_id: str
    variant: Variant
    number: int
    seller: str
    price: float
    views: tuple[str, ...]
    copies_picture_of: str | None = None
    presentation: Presentation = Presentation.FULL
    defect: str | None = None

    @property
    def has_text(self) -> bool:
        """Whether title, description, brand and attributes are filled."""
        return self.presentation is not Presentation.NO_TEXT

    @property
    def has_picture(self) -> bool:
        """Whether at least one picture is in the folder and intact."""
        broken = self.defect in ("truncated_picture", "text_as_picture", "nothing_to_show")
        return not broken and self.presentation in (Presentation.FULL, Presentation.NO_TEXT)

    @property
    def image_paths(self) -> tuple[str, ...]:
        """Paths of its pictures in the catalog folder, the indexed one first."""
        if self.presentation is Presentation.NO_PICTURE:
            return ()
        return tuple(f"images/{self.row:05d}_{view}.jpg" for view in self.views)
