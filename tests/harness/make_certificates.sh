#!/bin/sh
# Makes certificate authorities, and certificates of servers and clients of several faults, in the folder that is given.
set -eu
cd "$1"

new_key() {
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>>log
}

# NAME SUBJECT: a certificate that signs others.
authority() {
        new_key "$1"
        openssl req -x509 -new -key "$1.key" -out "$1.pem" -subj "/CN=$2" -days 2 \
                -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' 2>>log
}

# NAME ALTERNATIVE-NAME START END: signed by `authority`, valid from START to END.
server() {
        new_key "$1"
        openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1" 2>>log
        printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" >extensions
        openssl ca -batch -notext -config ca.conf -extfile extensions -startdate "$3" -enddate "$4" \
                -in "$1.csr" -out "$1.pem" 2>>log
}

cat >ca.conf <<'CONF'
[ca]
default_ca = it
[it]
database = ./index
new_certs_dir = .
serial = ./serial
certificate = ./authority.pem
private_key = ./authority.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
: >index
echo 1000 >serial

authority authority 'edgemirror test authority'
authority stranger 'some other authority'
server good IP:127.0.0.1 20200101000000Z 20491231000000Z
server other_name DNS:other.test 20200101000000Z 20491231000000Z
server expired IP:127.0.0.1 20200101000000Z 20200201000000Z
server not_yet IP:127.0.0.1 20490101000000Z 20491231000000Z

new_key alone
openssl req -x509 -new -key alone.key -out alone.pem -subj '/CN=alone' -days 2 -addext 'subjectAltName=IP:127.0.0.1' 2>>log

# Of clients: one that has expired is signed by the same authority; `locked` has a passphrase.
server client_a DNS:a.test 20200101000000Z 20491231000000Z
server client_b DNS:b.test 20200101000000Z 20491231000000Z
server client_old DNS:old.test 20200101000000Z 20200201000000Z
openssl pkey -aes128 -passout pass:secret -in client_a.key -out locked.key 2>>log
