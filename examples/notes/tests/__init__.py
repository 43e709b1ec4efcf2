"""Tests; those that need a real server start uvicorn as fly.toml does."""
