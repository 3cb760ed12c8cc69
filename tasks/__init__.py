"""Prefect tasks, thin: one outside change or one read each, for a whole batch, with the retries that the catalog declares."""
