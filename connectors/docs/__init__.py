"""The document system: folders of accounts, and the documents in them."""
