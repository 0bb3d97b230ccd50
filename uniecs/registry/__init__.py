"""Model versions and their stages (MLflow underneath)."""
