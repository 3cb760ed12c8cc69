"""The `towline` command, one file a noun; it must not know how anything is done, only whom to ask and how to say it."""
