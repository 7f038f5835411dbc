"""What reaches a disk and comes back unchanged: tables under a seal, and Zarr's files as they are synced."""
