"""The rules, one file for each subject. Every file in this folder is run."""
