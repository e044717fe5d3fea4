"""Makes the pages and pictures of docs/ that say what the code says; `make docs` writes them anew."""
