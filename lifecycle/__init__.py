"""The business, pure: stages, path plans, effect keys, names of documents. It must not know how anything is stored or sent."""
