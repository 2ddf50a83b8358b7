"""What a source's columns hold, before they are used: types, forms, blanks, copies.

Read `source_profile` first, then what one sort of value may look like: `date_reading`,
`number_advice`, `currencies`, `id_spellings`, `placeholder_words`; then the rows:
`conditions`, `duplicates`, `totals_table`. `places` says where a bad row stands.
"""
