"""Outside systems: a folder a kind, with a port that says what the company needs and one module a vendor."""
