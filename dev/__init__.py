"""What developers use and nobody installs."""
