#include "openapi.h"

// `#embed` is of C23. The compiler accepts it in older modes too, and lists the file among those that this one depends on.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char text[] = {
#embed "../../openapi.yaml"
};

const unsigned char *latchkey_openapi(void) { return text; }

size_t latchkey_openapi_size(void) { return sizeof text; }
