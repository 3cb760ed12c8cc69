"""Where events come in: verified, translated, stored, and only then answered."""
