"""Stand-ins for the outside systems that speak the vendors' own wire protocols; knows nothing of ours."""
