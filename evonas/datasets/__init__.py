"""Datasets: labelled examples in three disjoint splits. One file each; to add one, add a file."""
