"""What the machine gives: programs, ports, folders, passwords, processes, progress on the terminal."""
