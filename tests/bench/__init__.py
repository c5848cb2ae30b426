"""`make bench`: the farm measured on this machine, side by side in one run. Prints; judges nothing."""
