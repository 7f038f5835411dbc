"""Statistics over specimens: intervals, pointing figures and summaries, without torch."""
