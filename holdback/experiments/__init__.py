"""YAML → experiment → evidence → readouts → scorecard."""
