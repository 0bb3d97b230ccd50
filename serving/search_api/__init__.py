"""The search API: `uniecs search --json` over HTTP, for storefronts."""
