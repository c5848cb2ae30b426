"""From console bytes to a reading: one room with one small door, `Reader`.

    reader = Reader(Expectation(token="..."))
    reader.feed(chunk, t)         # any split of the bytes gives the same reading
    reader.settled                # None, or a Settled: enough was seen to end the boot
    reader.conclude(Ending.SETTLED, image_fetched=True) -> Reading

Pure: values in, values out.
"""

from jobs.outcome.model import Ending, Evidence, Expectation, Frame, Reading, Report, Settled
from jobs.outcome.reader import Reader

__all__ = ["Ending", "Evidence", "Expectation", "Frame", "Reader", "Reading", "Report", "Settled"]
