"""FastAPI: the REST routes, the live console, and the status pages in `web`."""
