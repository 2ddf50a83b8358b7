"""Results → sentences, each no stronger than its number; the only place that rounds.

`en.toml` holds every text, `catalog` looks it up, `codes` and `telling` turn facts into
words. Read `locale_format`, `result_sentences`, `money_sentences`, then the others.
"""
