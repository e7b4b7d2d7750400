// The text of openapi.yaml, which the broker serves. The file at the top of the project is embedded when this is compiled, so
// that there is no second copy.
#ifndef LATCHKEY_OPENAPI_H
#define LATCHKEY_OPENAPI_H

#include <stddef.h>

/// The first byte of the text. It is valid as long as the process runs, and not terminated.
const unsigned char *latchkey_openapi(void);

/// The number of bytes of the text.
size_t latchkey_openapi_size(void);

#endif
