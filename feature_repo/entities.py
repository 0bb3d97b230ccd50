"""What features describe."""

from feast import Entity, ValueType

product = Entity(
    name="product",
    join_keys=["product_id"],
    value_type=ValueType.STRING,
    description="A row of the catalog.",
)
