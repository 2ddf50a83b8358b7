"""Metric kinds: one file a kind. A metric is a formula on the means of measures.

Each file registers itself under its name; its fields are its YAML. What a kind must
say stands in `experiments.kinds.metric`; siblings never import each other.
"""
