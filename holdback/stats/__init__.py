"""Statistics: moments and estimates in, inferences out; no frame, date or file."""
