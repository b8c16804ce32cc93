"""The command line, ``evonas COMMAND``; ``evonas --help`` lists them. One file a command, or a group of commands."""
