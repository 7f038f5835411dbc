"""Addresses that data name: which may be asked, with which log-in, and what comes back within bounds."""
