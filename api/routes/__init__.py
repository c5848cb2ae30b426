"""The REST routes, one file a thing: files, jobs, boots, builds, devices, labs."""
