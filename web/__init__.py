"""The gateway, which takes events in, and the console, which shows people what became of them. Never imports flows or tasks."""
