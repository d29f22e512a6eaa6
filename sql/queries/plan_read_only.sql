-- From here on the server itself refuses to write to anything but temporary tables.
SET TRANSACTION READ ONLY
