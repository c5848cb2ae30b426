"""`make verdict-score`: how often the reader is right, over consoles whose answer is known. Prints; judges nothing."""
