"""Whether a store still holds what was written: checksums, digests, verification and repair."""
