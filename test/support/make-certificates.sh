#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a certificate authority, a server's and a client's certificate in the directory given.
set -eu
mkdir -p "$1"
cd "$1"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
key ca-key.pem
openssl req -new -x509 -key ca-key.pem -subj /CN=test-ca -days 2 -out ca.pem
for who in server client; do
  key $who-key.pem
  openssl req -new -key $who-key.pem -subj /CN=$who -out $who.csr
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%sAuth\n' $who >$who.ext
  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile $who.ext -out $who.pem
done
