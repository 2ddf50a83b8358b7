"""The answer: decision, money, chance and guardrails, which fill the first sheet.

Read `decision`, `withheld`, `money`, `probabilities`, `guardrails`; `rollout` is if it
goes on.
"""
