"""Assignment: unit id → arm, the same everywhere and for ever.

Read recipe.py first (hashes, ranges and gates as data), then schemes/ (how one system
makes a recipe, with layouts.py and hashes.py) and split.py, the face of the room: an
experiment's arms by id. The same split in other forms: sql.py as text for a warehouse,
batch.py for columns of ids, files.py for files; unit_ids.py says what an id is.
"""

from holdback.assignment.recipe import Assigned
from holdback.assignment.split import Split

__all__ = ["Assigned", "Split"]
