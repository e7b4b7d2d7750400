#ifndef LATCHKEY_CZLIB_H
#define LATCHKEY_CZLIB_H
#include <zlib.h>

// inflateInit2 and deflateInit2 are macros, which Swift cannot call. 16 + MAX_WBITS selects the gzip format (RFC 1952).
static inline int latchkey_inflate_gzip_init(z_stream *stream) {
    return inflateInit2(stream, 16 + MAX_WBITS);
}
static inline int latchkey_deflate_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
#endif
