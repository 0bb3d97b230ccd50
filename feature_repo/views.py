"""What is known of a product: from its catalog row, and from what shoppers did with it."""

from datetime import timedelta

from entities import product
from feast import FeatureView, Field, FileSource
from feast.data_format import ParquetFormat
from feast.types import Bool, Float64, Int64, String

catalog_snapshots = FileSource(
    name="catalog_snapshots",
    path="product_catalog/*.parquet",
    file_format=ParquetFormat(),
    timestamp_field="event_timestamp",
    description="One row per product and materialization.",
)

performance_snapshots = FileSource(
    name="performance_snapshots",
    path="product_performance/*.parquet",
    file_format=ParquetFormat(),
    timestamp_field="event_timestamp",
    description="One row per product and materialization, summed over all events until then.",
)

product_catalog = FeatureView(
    name="product_catalog",
    entities=[product],
    ttl=timedelta(0),  # a product keeps its facts until the next snapshot
    schema=[
        Field(name="price", dtype=Float64, description="In `currency`; null when not known."),
        Field(name="currency", dtype=String),
        Field(name="category", dtype=String),
        Field(name="brand", dtype=String),
        Field(name="text_length", dtype=Int64, description="Characters of the indexed text."),
        Field(name="has_image", dtype=Bool, description="The indexed picture exists."),
        Field(name="age_days", dtype=Float64, description="Since the first snapshot."),
    ],
    source=catalog_snapshots,
)

product_performance = FeatureView(
    name="product_performance",
    entities=[product],
    ttl=timedelta(0),
    schema=[
        Field(name="impressions", dtype=Int64),
        Field(name="clicks", dtype=Int64, description="Clicked impressions."),
        Field(name="ctr_prior", dtype=Float64, description="CTR shrunk to the catalog's."),
        Field(name="orders", dtype=Int64),
        Field(
            name="revenue_per_impression",
            dtype=Float64,
            description="Net of returns, in the product's currency; null without impressions.",
        ),
    ],
    source=performance_snapshots,
)
