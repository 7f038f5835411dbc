"""A lab that shares a review: queues of one's own, and disagreements to decide."""
