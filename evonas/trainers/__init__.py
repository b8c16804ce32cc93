"""Trainers: from a built network to a trained one. One file each; to add one, add a file."""
