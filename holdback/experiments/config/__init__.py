"""YAML → typed models of what was written, with every problem's line and column.

Read `yaml_parser` and `document`, `models` (the keys), `validation`, then `scalars`,
`kind_schemas`, `json_schema` and `issues`.
"""
