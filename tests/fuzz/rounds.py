"""What the rounds of a boot have printed: their counters, and which of them still grow."""
import re

LINE = re.compile(rb"^@round (\d+) (.*) \.\r?$", re.M)
MINIMUM = 8  # rounds in the last half, for a judgement
STEPS = 4  # rises of an exact counter in the last half
CONFIRMED = 2  # rounds that a rise must have lasted

# Counters of what the campaign does, not of what the machine holds.
OWN = ("calls", "good", "restarts", "images", "loaded")
# How far a counter may move by chance. Pools keep pages for later, pages go to caches.
SLACK = {"avail": 24, "commit": 24, "paged": 12, "nonpaged": 12, "ptes": 24}


class Rounds:
    """The lines of counters.c, one dictionary each."""

    def __init__(self, out):
        self.lines = []
        for _, rest in LINE.findall(out):
            pairs = (item.split("=") for item in rest.decode("ascii", "replace").split())
            self.lines.append({pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()})
        self.ended = b"@end" in out
        self.count = max(0, len(self.lines) - 1)

    def last(self, name):
        return self.lines[-1].get(name, 0) if self.lines else 0

    def kinds(self):
        return {name for name in (self.lines[-1] if self.lines else ()) if name.startswith("case.")}

    def cases(self):
        return sum(self.last(name) for name in self.kinds())

    def series(self, name):
        values = [line.get(name, 0) for line in self.lines]
        return [-value for value in values] if name in ("avail", "ptes") else values

    def growth(self):
        """The names of counters that still grow over the last half, with their values; '' if none do."""
        names = set().union(*self.lines) if self.lines else set()
        names = {name for name in names if name not in OWN and not name.startswith("case.")}
        grown = [name for name in sorted(names) if grows(self.series(name), SLACK.get(name, 0))]
        return "; ".join("%s %s" % (name, " ".join(str(abs(value)) for value in self.series(name)))
                         for name in grown)


def grows(values, slack):
    """In the last half: does each quarter lie above the one before it by more than chance, or does the level to
    which the counter falls back rise again and again?"""
    half = values[len(values) // 2:]
    if len(half) < MINIMUM:
        return False
    size = len(half) // 4
    parts = [half[len(half) - size * (4 - i):len(half) - size * (3 - i)] for i in range(4)]
    rises = [min(later) > max(earlier) for earlier, later in zip(parts, parts[1:])]
    if all(rises) and min(parts[3]) - max(parts[0]) > slack:
        return True
    return slack == 0 and steps(half) >= STEPS


def steps(values):
    """How often the level rises to which a counter does not fall again. Its last values have not shown that yet."""
    kept = [min(values[i:]) for i in range(len(values) - CONFIRMED)]
    return sum(later > earlier for earlier, later in zip(kept, kept[1:]))
