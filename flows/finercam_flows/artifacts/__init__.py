"""What a flow publishes on Prefect's pages."""
