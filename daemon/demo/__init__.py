"""`trimtab demo`: a real daemon on simulated ground, watched through its journal."""
