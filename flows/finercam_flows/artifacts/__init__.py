"""What a flow leaves to be looked at in Prefect's pages."""
