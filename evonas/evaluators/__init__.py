"""Evaluators: from an architecture to its measured values. They run in workers. One file each."""
