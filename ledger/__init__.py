"""What happened: the tables, the questions asked of them, and their migrations. It must not know who asks."""
