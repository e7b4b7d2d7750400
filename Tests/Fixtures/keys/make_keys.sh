#!/usr/bin/env bash
# Makes the keys of this folder anew, with a stock openssl. They are the tests' own and open nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-pkcs8.pem
openssl rsa -in rsa-pkcs8.pem -traditional -out rsa-pkcs1.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa-1024.pem
openssl ecparam -name prime256v1 -genkey -noout -out p256-sec1.pem
openssl ecparam -name prime256v1 -genkey -out p256-with-parameters.pem
openssl pkcs8 -topk8 -nocrypt -in p256-sec1.pem -out p256-pkcs8.pem
openssl ecparam -name secp384r1 -genkey -noout -out p384.pem
openssl genpkey -algorithm ED25519 -out ed25519.pem
openssl pkcs8 -topk8 -passout pass:x -in rsa-pkcs8.pem -out encrypted-pkcs8.pem
openssl rsa -in rsa-pkcs8.pem -traditional -aes128 -passout pass:x -out encrypted-pkcs1.pem
openssl pkey -in rsa-pkcs8.pem -pubout -out rsa-public.pem
openssl pkey -in p256-sec1.pem -pubout -out p256-public.pem
# RS256 has one right signature for a message: openssl's.
printf 'header.payload' | openssl dgst -sha256 -sign rsa-pkcs8.pem -out rs256-signature.bin
# Whom backups are sealed for, and an envelope that is not authenticated.
openssl req -x509 -newkey rsa:2048 -nodes -keyout backup-rsa.pem -out backup-rsa.crt -days 36500 -subj /CN=backup
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout backup-ec.pem -out backup-ec.crt \
    -days 36500 -subj /CN=backup
printf 'content' | openssl cms -encrypt -aes-256-cbc -outform DER -out enveloped-cbc.der backup-rsa.crt
