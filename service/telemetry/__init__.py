"""What the service says about itself: the event log, the metrics, the live windows."""
