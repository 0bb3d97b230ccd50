"""What search asks for; a release names one of these, so a changed set is a new service."""

from feast import FeatureService
from views import product_catalog, product_performance

product_ranking_v1 = FeatureService(
    name="product_ranking_v1",
    features=[product_catalog, product_performance],
    description="Joined to the hits of a search.",
)
