"""Quality gates: one Great Expectations suite per path, and the gate that runs it. It must not know how a flow or a ledger works."""
