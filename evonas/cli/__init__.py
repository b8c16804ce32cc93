"""The command line: ``evonas run | check | new | list | show | report | benchmark``. One file a command."""
