"""Results → sentences, each no stronger than its number; the only place that rounds.

Read `locale_format`, `result_sentences`, `money_sentences`, then the others.
"""
