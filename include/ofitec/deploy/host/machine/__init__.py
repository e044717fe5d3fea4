"""What the host program works on: containers, database, files, proxy, and the versions in an image."""
