"""The chat: where people are told, never where the truth lies."""
