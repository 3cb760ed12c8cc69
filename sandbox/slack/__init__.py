"""Slack's Web API, shaped from Slack's samples."""
