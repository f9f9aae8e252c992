"""
The command line: parse, wire, render, exit code; no logic.

One module a command, loaded when the command is called. ``wiring`` is the one place that builds readers,
writers and the sandbox and hands them to the core; ``main`` holds the global options and the error boundary.
"""
