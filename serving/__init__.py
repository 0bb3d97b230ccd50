"""The encoder as a KServe model server, and putting a release live on it."""
