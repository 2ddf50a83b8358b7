"""Records of the analysis's sections: one file a section, named as its JSON key.

Each file says where its records stand in `scorecard.json`; `results.section` explains
how a section is put together. Read them in any order.
"""
