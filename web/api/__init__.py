"""What programs may ask, as JSON behind a bearer token."""
