"""Events, and the online figures computed from them."""
