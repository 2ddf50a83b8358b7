"""Whether the result can be believed: enough buyers, no single unit, a usual lift.

One file a check, none imports another; `few_converters` and `influence` on amounts of
money, then the lift itself (`twyman`, `novelty`), then what it is a lift of.
"""
