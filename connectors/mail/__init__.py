"""The mail: how clients are written to, and how their answers are found."""
