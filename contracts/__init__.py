"""What is agreed, without I/O: event and record shapes, the event catalog, the system contract and the owners."""
