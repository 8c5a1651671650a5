"""What people see: values in, lines and pictures out; the same for the command line and the demo."""
