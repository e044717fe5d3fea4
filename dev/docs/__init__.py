"""Makes the pages and pictures of docs/ that say what the code says; `python -m dev.docs` writes them anew."""
