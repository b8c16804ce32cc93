"""Forms in which others published measurements. One file each; to add one, add a file."""
