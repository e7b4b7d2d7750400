"""The rules, one file a subject. A file that is put here is run."""
