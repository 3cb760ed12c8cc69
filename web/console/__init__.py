"""What people see in a browser; ids, types, counts and causes only, never personal data."""
