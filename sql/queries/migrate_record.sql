-- Records a migration with the checksum of its text. $1 number, $2 name, $3 text.
INSERT INTO edgemirror.schema_version (version, name, checksum)
VALUES ($1::integer, $2::text, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'))
