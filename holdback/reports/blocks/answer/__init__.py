"""The answer: decision, money, chance and guardrails, which fill the first sheet.

Read `verdict`, `decision`, `withheld`, `money`, `probabilities`; `rollout` is if it
goes on.
"""
