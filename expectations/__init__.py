"""Quality gates: a Great Expectations suite per path, and the gate that runs it. It must not know flows or the ledger."""
