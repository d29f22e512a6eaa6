-- The checksum of a text, computed where the recorded ones were. $1 text.
SELECT encode(sha256(convert_to($1::text, 'UTF8')), 'hex')
