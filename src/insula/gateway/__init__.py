"""The front door: which application is a request for, and does it answer?"""
