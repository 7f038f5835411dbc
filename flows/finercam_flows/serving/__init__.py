"""`finercam serve`: a standing Prefect server and the deployments of a `prefect.yaml`, run on their schedules."""
