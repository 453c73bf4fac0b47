"""All planted bugs, by promise. P6 and P12 concern no call and no decision, and have none here."""

from __future__ import annotations

from tests.sabotage.backtest import REPLAYED
from tests.sabotage.bounds import BOUNDED
from tests.sabotage.bug import Bug
from tests.sabotage.doors import DOORS
from tests.sabotage.freshness import DRY, FRESH
from tests.sabotage.keys import KEYS
from tests.sabotage.ladder import CLIMBED
from tests.sabotage.once import ALONE, ONCE
from tests.sabotage.patterns import MATCHED
from tests.sabotage.proof import ENDING, HONEST
from tests.sabotage.protection import PROTECTED
from tests.sabotage.rollback import ROLLED_BACK
from tests.sabotage.targets import TARGETED
from tests.sabotage.telling import TOLD

BUGS: tuple[Bug, ...] = (
    *PROTECTED,
    *ONCE,
    *ALONE,
    *DRY,
    *TARGETED,
    *FRESH,
    *HONEST,
    *ENDING,
    *ROLLED_BACK,
    *CLIMBED,
    *MATCHED,
    *BOUNDED,
    *TOLD,
    *KEYS,
    *DOORS,
    *REPLAYED,
)
