"""YAML → typed models of what was written, with every problem's line and column.

Read `yaml_document` (text with places), `models` (the keys), `validation`, then
`fields`, `kind_schemas` and `json_schema`.
"""
