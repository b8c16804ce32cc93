"""Files that a trained network leaves in, for programs that know nothing of evonas; one file each."""
