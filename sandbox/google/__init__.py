"""Google Drive and Docs, shaped from Google's discovery documents."""
