"""The command line: one file a command, each imported only when it is used.

Read `main` (the group, errors and exit codes), then `console` (what a person at a
terminal sees); every other file is the command of its name.
"""
