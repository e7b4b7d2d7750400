#include "CBuild.h"

#ifndef LATCHKEY_COMMIT
#define LATCHKEY_COMMIT ""
#endif

const char *latchkey_build_commit(void) {
    return LATCHKEY_COMMIT;
}
