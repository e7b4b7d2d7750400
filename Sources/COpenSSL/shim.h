#ifndef LATCHKEY_COPENSSL_H
#define LATCHKEY_COPENSSL_H
// libssl and libcrypto 3.0. Swift cannot call macros, so those that are needed are inline functions here.
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

// HMAC-SHA-256 (RFC 2104). HMAC() looks up the algorithm in the same way.
static inline void latchkey_hmac_sha256(
    const void *key, size_t key_length, const void *data, size_t length, unsigned char *digest) {
    unsigned char block[SHA256_CBLOCK] = {0}, inner[SHA256_CBLOCK], outer[SHA256_CBLOCK + SHA256_DIGEST_LENGTH];
    if (key_length > sizeof block) {
        latchkey_sha256(key, key_length, block);
    } else if (key_length > 0) {
        memcpy(block, key, key_length);
    }
    for (size_t index = 0; index < sizeof block; index++) {
        inner[index] = block[index] ^ 0x36;
        outer[index] = block[index] ^ 0x5c;
    }
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, inner, sizeof inner);
    SHA256_Update(&context, data, length);
    SHA256_Final(outer + SHA256_CBLOCK, &context);
#pragma clang diagnostic pop
    latchkey_sha256(outer, sizeof outer, digest);
    OPENSSL_cleanse(&context, sizeof context);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
}

// Whether two blocks are equal, eight bytes at a time. The time depends only on the length: the statement between the loop
// and the comparison keeps the compiler from leaving the loop early.
static inline int latchkey_equal(const void *left, const void *right, size_t length) {
    const unsigned char *first = (const unsigned char *)left, *second = (const unsigned char *)right;
    uint64_t difference = 0;
    size_t index = 0;
    for (; index + 8 <= length; index += 8) {
        uint64_t one, other;
        memcpy(&one, first + index, 8);
        memcpy(&other, second + index, 8);
        difference |= one ^ other;
        __asm__ volatile("" : "+r"(difference));
    }
    for (; index < length; index++) { difference |= (uint64_t)(first[index] ^ second[index]); }
    __asm__ volatile("" : "+r"(difference));
    return difference == 0;
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
// libssl overwrites the plaintext in its buffer when it has been read. Buffers are kept as long as their connection.
static inline void latchkey_cleanse_plaintext(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
}
static inline void latchkey_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }
static inline long latchkey_set_partial_write(SSL_CTX *context) {
    return SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}// The content of a memory BIO, without a copy.
static inline long latchkey_memory_bytes(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

// A BIO without memory of its own, so that an idle session holds none: libssl reads the bytes that were offered and
// appends what it writes to `output`. Reading when nothing is offered means "try again" and not the end of the stream.
typedef struct {
    const unsigned char *input;
    size_t input_length;
    unsigned char *output;
    size_t output_length;
    size_t output_capacity;
} latchkey_transport;

static int latchkey_transport_read(BIO *bio, char *buffer, int size) {
    latchkey_transport *transport = (latchkey_transport *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) { return 0; }
    if (transport->input_length == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = (size_t)size < transport->input_length ? (size_t)size : transport->input_length;
    memcpy(buffer, transport->input, count);
    transport->input += count;
    transport->input_length -= count;
    return (int)count;
}

static int latchkey_transport_write(BIO *bio, const char *bytes, int size) {
    latchkey_transport *transport = (latchkey_transport *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) { return 0; }
    size_t needed = transport->output_length + (size_t)size;
    if (needed > transport->output_capacity) {
        size_t capacity = needed < 4096 ? 4096 : needed * 2;
        unsigned char *grown = (unsigned char *)realloc(transport->output, capacity);
        if (!grown) { return -1; }
        transport->output = grown;
        transport->output_capacity = capacity;
    }
    memcpy(transport->output + transport->output_length, bytes, (size_t)size);
    transport->output_length = needed;
    return size;
}

static long latchkey_transport_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static inline BIO_METHOD *latchkey_transport_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "latchkey");
    if (method) {
        BIO_meth_set_read(method, latchkey_transport_read);
        BIO_meth_set_write(method, latchkey_transport_write);
        BIO_meth_set_ctrl(method, latchkey_transport_control);
    }
    return method;
}

// The transport must outlive the BIO.
static inline BIO *latchkey_transport_bio(const BIO_METHOD *method, latchkey_transport *transport) {
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, transport);
        BIO_set_init(bio, 1);
    }
    return bio;
}

// Servers.
static inline int latchkey_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline const char *latchkey_negotiated_group(SSL *session) {
    return SSL_group_to_name(session, (int)SSL_get_negotiated_group(session));
}
// Tickets are all that a server knows of a session, so that its memory does not grow with the number of clients.
static inline void latchkey_keep_no_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
// Without its own chain a certificate is sent alone: certificates of client CAs must not be added to it.
static inline void latchkey_send_chain_as_given(SSL_CTX *context) { SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN); }
static inline int latchkey_set_verify_store(SSL_CTX *context, X509_STORE *store) {
    return (int)SSL_CTX_set1_verify_cert_store(context, store);
}
static int latchkey_server_name_is_known(SSL *session, int *alert, void *argument) {
    (void)session, (void)alert, (void)argument;
    return SSL_TLSEXT_ERR_OK;
}
// Without the callback libssl ignores the name of a ClientHello.
static inline void latchkey_accept_server_names(SSL_CTX *context) {
    SSL_CTX_set_tlsext_servername_callback(context, latchkey_server_name_is_known);
}
// Prepares the encryption or decryption of a session ticket with AES-256-CBC and HMAC-SHA-256. `secret` is 64 bytes: the
// two keys. When encrypting, `iv` is filled.
static inline int latchkey_ticket_ciphers(
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const unsigned char *secret, unsigned char *iv, int encrypts) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(secret + 32), 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (encrypts && RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1) { return 0; }
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, secret, iv, encrypts)
        && EVP_MAC_CTX_set_params(mac, parameters);
}
// One name of a subjectAltName; its type (GEN_DNS, GEN_URI …), or -1 when it is of a type without text.
static inline int latchkey_general_name(
    const GENERAL_NAMES *names, int index, const unsigned char **text, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (!name || (name->type != GEN_DNS && name->type != GEN_URI)) { return -1; }
    *text = ASN1_STRING_get0_data(name->d.ia5);
    *length = ASN1_STRING_length(name->d.ia5);
    return name->type;
}
static inline int latchkey_general_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
#endif
