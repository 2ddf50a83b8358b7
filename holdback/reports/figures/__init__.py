"""Pictures: SVG for pages without scripts, matplotlib for notebooks.

Read `charts` first.
"""
