"""Runs work on files that may be hostile in a child process under limits.

- ``limits``: the memory and processor time that a bundle may cost, reckoned from file sizes.
- ``enforcement``: the limits as the operating system enforces them, in the child.
- ``audit``: refuses processes, connections and prompts, in the child.
- ``child``: the child's side: takes jobs, answers each, and turns every error into a finding.
- ``parent``: the parent's side: starts the child, waits for answers, kills it.
- ``deaths``: what ended a child, as a finding.
"""
