"""Files, tables of text, addresses and worker processes: what the rooms share to reach the disk and the network."""
