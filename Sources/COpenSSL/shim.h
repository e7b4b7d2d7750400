#ifndef LATCHKEY_COPENSSL_H
#define LATCHKEY_COPENSSL_H
// libssl and libcrypto 3.0. Swift cannot call macros, so those that are needed are inline functions here.
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// SHA256() of libcrypto 3 looks up the algorithm by name under a lock on each call. The functions below do not.
static inline void latchkey_sha256(const void *data, size_t length, unsigned char *digest) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, data, length);
    SHA256_Final(digest, &context);
#pragma clang diagnostic pop
}

static inline void latchkey_sha1(const void *data, size_t length, unsigned char *digest) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, data, length);
    SHA1_Final(digest, &context);
#pragma clang diagnostic pop
}

// Macros over SSL_ctrl and BIO_ctrl.
static inline long latchkey_set_min_tls12(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
static inline long latchkey_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}
static inline void latchkey_refuse_renegotiation(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
}
static inline void latchkey_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }
static inline long latchkey_set_partial_write(SSL_CTX *context) {
    return SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
// Reading an empty BIO means "try again" and not the end of the stream.
static inline BIO *latchkey_memory_bio(void) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) { BIO_set_mem_eof_return(bio, -1); }
    return bio;
}
// The content of a memory BIO, without a copy.
static inline long latchkey_memory_bytes(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
#endif
