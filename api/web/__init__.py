"""The status pages: server-rendered HTML that works without JavaScript, and asks nothing of any other host."""
