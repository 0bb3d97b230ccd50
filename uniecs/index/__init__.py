"""The vector index: Milvus, its generations, and filters."""
