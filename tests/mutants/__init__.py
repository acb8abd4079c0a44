"""Mutation tests: one small fault at a time is put into what decides about numbers and verdicts, and a test must see it."""
