"""Maps against collections whose true differences are known."""
