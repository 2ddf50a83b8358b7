"""The same result elsewhere: terminal, e-mail, Markdown, CSV, notebook, site.

One file a form; each is a pure function of the result.
"""
