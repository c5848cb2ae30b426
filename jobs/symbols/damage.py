"""What pyelftools raises on a file that is damaged, or made to be.

It documents ELFError and DWARFError, and raises them for what it checks. The rest was found by changing bytes of good
files, as the tests do: a wrong number is used as it is, and Python says what it says of an unknown form (KeyError), an
assertion, a text that is None (AttributeError, TypeError), a line below 0 (OverflowError), a range of 0
(ZeroDivisionError), a packed section that cannot be unpacked (zlib.error), entries nested without an end
(RecursionError). Whoever catches these must only look things up, and have tests on good files that see each answer.
"""

import zlib

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct.core import ConstructError

from jobs.symbols.window import TooMuchWorkError

DAMAGE = (
    ELFError,
    DWARFError,
    ConstructError,
    TooMuchWorkError,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
