"""The KServe model: requests in, vectors out, and the switch from one model to the next."""
