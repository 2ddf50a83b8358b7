"""Scorecard → money → decision → words → page."""
