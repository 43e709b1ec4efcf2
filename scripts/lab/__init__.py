"""What `bench.py` and `soak.py` share: an instance of Roost of their own, projects to deploy on it, ways to look."""
