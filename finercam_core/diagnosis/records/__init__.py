"""What was found, for others: EQ statements, Darwin Core, JSON-LD, and COCO regions."""
