"""How flows are started: deployments made from the catalog, the dispatcher, the resident worker, the local stack."""
