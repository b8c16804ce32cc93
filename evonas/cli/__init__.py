"""The command line: ``evonas run | check | new | list | show | report | benchmark | predictors | proxies``.

One file a command, or a group of commands.
"""
