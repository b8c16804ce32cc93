"""Published measurements of architectures, read from the user's own path. Tables are never part of evonas."""
