"""The queue in SQL: jobs become boots, boots get devices, reports end them.

    submit   a job -> builds and queued boots
    claim    a queued boot + a free device -> a lease
    running  signs of life, phases, cancel, report, expiry: everything that ends or keeps a lease
    waiting  why a boot is still queued
    views    rows -> what the API says

Services take a session and never commit. The legal moves of a boot are in `moves`.
"""
