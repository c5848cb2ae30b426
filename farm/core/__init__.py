"""The ground: settings, database session, file storage, errors, words. Imports no other room."""
