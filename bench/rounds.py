# SPDX-License-Identifier: GPL-2.0-or-later
"""Ratios that mean something on a machine whose speed changes: all jobs in each round, and what counts is the ratio within a round."""
import random
import statistics

from measure import Failed


def in_rounds(jobs, rounds):
    """The seconds of each of the jobs (name -> function that returns them), one a round, in another order each round; and why those failed that did."""
    order = random.Random(1)
    seconds = {name: [] for name in jobs}
    failures = {}
    for _ in range(rounds):
        for name in order.sample(list(jobs), len(jobs)):
            if name in failures:
                continue
            try:
                seconds[name].append(jobs[name]())
            except Failed as failure:
                failures[name] = str(failure)
                del seconds[name]
    return seconds, failures


def ratios(seconds, base):
    """Of each, the ratios to base within the rounds."""
    return {name: [mine / other for mine, other in zip(times, seconds[base])] for name, times in seconds.items()}


def spread(values):
    """How far apart the middle half of the values lies, as a share of their median."""
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / abs(middle)
