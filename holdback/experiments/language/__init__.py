"""The small languages of the YAML: expressions, quantities, currencies, secrets.

Read `expression` and its parser, `measure` (one number per unit), `quantities`,
`secrets`.
"""
