"""holdback measures whether personalization pays."""

__version__ = "0.1.0"
