"""What is asked of the farm and what came of it: builds, queue, the run of one boot, its outcome."""
