"""`finercam serve`: a Prefect server, and the deployments of a `prefect.yaml` run on their schedules."""
