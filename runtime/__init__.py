"""Settings, clock, logs, and the one place that puts the house together."""
