"""Executors of compiled statements: pools under one connection budget, one small driver per dialect."""
